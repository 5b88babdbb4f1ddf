"""The audit trail and API tokens in the admin."""

import audit.entry_admin
import audit.token_admin  # noqa: F401  both register themselves
