"""How far a query on Spark is, as its driver tells every second. Who is told is decided elsewhere."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

from engine.spark.proto import base_pb2 as connect


@dataclass(frozen=True, slots=True)
class Progress:
    """Sums over the stages the driver knows by now: later stages appear when the earlier ones are done."""

    stages: int
    stages_done: int
    tasks: int
    tasks_done: int
    tasks_in_flight: int
    bytes_read: int

    def __str__(self) -> str:
        """For people: `stage 2/3, tasks 17/40 done, 2 running, 12 MB read`."""
        at = min(self.stages_done + 1, self.stages)
        read = f", {self.bytes_read / 1e6:.0f} MB read" if self.bytes_read else ""
        return (
            f"stage {at}/{self.stages}, tasks {self.tasks_done}/{self.tasks} done, {self.tasks_in_flight} running{read}"
        )


Watcher = Callable[[Progress], None]
"""Called in the statement's worker thread while it waits for Spark; must be quick."""


def progress_of(message: connect.ExecutePlanResponse.ExecutionProgress) -> Progress:
    """The message in sums."""
    return Progress(
        stages=len(message.stages),
        stages_done=sum(1 for stage in message.stages if stage.done),
        tasks=sum(stage.num_tasks for stage in message.stages),
        tasks_done=sum(stage.num_completed_tasks for stage in message.stages),
        tasks_in_flight=message.num_inflight_tasks,
        bytes_read=sum(stage.input_bytes_read for stage in message.stages),
    )
