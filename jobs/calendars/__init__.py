"""Business calendars: where their dates come from, and how schedules read them."""
