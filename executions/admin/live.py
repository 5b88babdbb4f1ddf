"""Parts of pages that the browser fetches again and again (htmx)."""

from collections.abc import Callable
from functools import wraps
from typing import Any

from django.contrib import admin
from django.http import HttpRequest, HttpResponse
from django.views.decorators.cache import never_cache

View = Callable[..., HttpResponse]


def live_part(view: View) -> View:
    """Let only those in who may use the admin.

    Of who is signed out meanwhile, the page itself is loaded anew, and leads to the login; a
    redirect would put the login into the middle of the page.
    """

    @never_cache
    @wraps(view)
    def answer(request: HttpRequest, *args: Any, **kwargs: Any) -> HttpResponse:
        if not admin.site.has_permission(request):
            return HttpResponse(status=204, headers={"HX-Refresh": "true"})
        return view(request, *args, **kwargs)

    return answer
