"""The admin site's own words."""

from django.conf import settings
from django.contrib import admin

admin.site.site_header = admin.site.site_title = settings.PRODUCT_NAME
admin.site.index_title = "Overview"
admin.site.site_url = None
