"""Handlers of the demo jobs, written as a job's author would write them."""

import random
import time
from datetime import date, timedelta
from typing import Any

from executions.authoring import JobContext, job_handler


@job_handler("demo.heartbeat")
def beat(context: JobContext) -> dict[str, Any]:
    """Succeed at once, and say so."""
    context.log.info("Slot %s, attempt %s.", f"{context.scheduled_for:%H:%M:%S}", context.attempt)
    return {"slot": context.scheduled_for.isoformat(), "pulse": random.randint(55, 75)}  # noqa: S311


@job_handler("demo.flaky")
def fail_twice(context: JobContext) -> dict[str, int]:
    """Fail in the first two attempts, as a service that is just being restarted would."""
    context.log.info("Calling the exchange rate service.")
    if context.attempt < 3:
        raise ConnectionError(f"The service did not answer (attempt {context.attempt}).")
    context.log.info("It answered.")
    return {"attempts": context.attempt}


@job_handler("demo.too_slow")
def oversleep(context: JobContext, seconds: float = 30) -> None:
    """Take longer than the job's timeout allows; the platform stops it."""
    context.log.info("Waiting %s s for an answer that comes too late.", seconds)
    time.sleep(seconds)


@job_handler("demo.migration")
def move_records(context: JobContext, batches: int = 60, pause: float = 2.5) -> dict[str, int]:
    """Move records batch by batch, telling how far it is and stopping cleanly when asked to."""
    for batch in range(1, batches + 1):
        context.raise_if_cancelled()
        time.sleep(pause)
        context.progress(batch / batches, f"batch {batch} of {batches}")
        if batch % 5 == 0:
            context.log.info("%s of %s batches moved.", batch, batches)
    return {"batches": batches, "records": batches * 1_000}


@job_handler("demo.load_orders")
def load_orders(context: JobContext) -> dict[str, Any]:
    """Load some orders; the same slot gives the same ones."""
    figures = random.Random(context.scheduled_for.isoformat())  # noqa: S311
    orders = figures.randint(180, 420)
    context.log.info("%s orders loaded.", orders)
    return {"orders": orders, "suspicious": figures.randint(0, 3)}


@job_handler("demo.add_up")
def add_up(context: JobContext, orders: int) -> dict[str, float]:
    """Add up what was loaded; how much that is comes from the job before."""
    context.log.info("Adding up %s orders.", orders)
    return {"revenue": round(orders * 87.5, 2)}


@job_handler("demo.check_orders")
def check_orders(context: JobContext) -> dict[str, int]:
    """Look at what was loaded, and fail if too much of it looks wrong."""
    suspicious = context.upstream["Load orders"].output["suspicious"]
    if suspicious > 2:
        raise ValueError(f"{suspicious} orders look wrong; somebody has to look at them.")
    return {"suspicious": suspicious}


@job_handler("demo.publish_orders")
def publish_orders(context: JobContext) -> dict[str, Any]:
    """Publish what the jobs before have found."""
    return {name: result.output for name, result in context.upstream.items()}


@job_handler("SalesReports.DailyReportJob")
def report_sales(
    context: JobContext, date: str | None = None, region: str = "all"
) -> dict[str, Any]:
    """Add up one day's sales: of ``date`` (YYYY-MM-DD), or of the day before the slot."""
    day = _report_day(context, date)
    figures = random.Random(f"{day} {region}")  # noqa: S311  the same day gives the same report
    context.log.info("Collecting orders of %s, region %s.", day, region)
    orders = figures.randint(180, 420)
    context.progress(0.5, f"{orders} orders")
    revenue = sum(figures.randint(900, 25_000) for _ in range(orders)) / 100
    refunded = figures.randint(0, orders // 40)
    if refunded:
        context.log.warning("%s orders were refunded and are left out.", refunded)
    context.log.info("Report of %s is ready.", day)
    return {
        "date": day.isoformat(),
        "region": region,
        "orders": orders,
        "refunded": refunded,
        "revenue": round(revenue, 2),
        "averageOrder": round(revenue / orders, 2),
    }


def _report_day(context: JobContext, text: str | None) -> date:
    if text is not None:
        return date.fromisoformat(text)
    return context.scheduled_for.date() - timedelta(days=1)
