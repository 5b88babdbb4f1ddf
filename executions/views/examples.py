"""Examples of the API's description: the calls of the contract, as they are made."""

from drf_spectacular.utils import OpenApiExample

JOB = OpenApiExample(
    "A daily report",
    request_only=True,
    value={
        "name": "Daily Sales Report",
        "description": "Generates daily sales reports",
        "category": "Reporting",
        "allowedEnvironments": 7,
        "executionMode": 1,
        "executionAssembly": "SalesReports.dll",
        "executionTypeName": "SalesReports.DailyReportJob",
        "timeoutSeconds": 300,
        "maxRetries": 3,
        "retryStrategy": 3,
        "baseDelaySeconds": 30,
        "maxConcurrentExecutions": 1,
        "ownerName": "John Smith",
        "ownerEmail": "john.smith@company.com",
        "teamName": "Data Analytics",
        "createdBy": "admin@company.com",
    },
)
SCHEDULE = OpenApiExample(
    "Every day at six, UTC",
    request_only=True,
    value={
        "jobDefinitionId": "01a20c72-0000-7000-8000-000000000000",
        "scheduleType": 2,
        "timeOfDay": "06:00:00",
        "createdBy": "admin@company.com",
    },
)
