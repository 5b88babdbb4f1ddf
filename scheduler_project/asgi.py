"""The web process (``uvicorn scheduler_project.asgi:application``)."""

import gc
import os

from django.core.asgi import get_asgi_application

from core.startup import refuse_bad_settings

os.environ.setdefault("DJANGO_SETTINGS_MODULE", "scheduler_project.settings")
os.environ.setdefault("SCHEDULER_PROCESS", "web")

application = get_asgi_application()
refuse_bad_settings()
# What is loaded by now stays. Unfrozen, now and then a request would wait 60 ms or more while the
# garbage collector walks all of it in vain.
gc.collect()
gc.freeze()
