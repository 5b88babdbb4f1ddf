"""What ``manage.py up`` is made of: checks before, the processes, their log, their end."""
