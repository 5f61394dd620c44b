"""A worker of one version of a chart: ``python -m tests.test_temporal.versioned ADDRESS QUEUE N``.

Its deployment is called after the queue, and pins runs to the version that started them.
"""

from __future__ import annotations

import asyncio
import sys
from typing import Any

from temporalio.client import Client
from temporalio.common import VersioningBehavior, WorkerDeploymentVersion
from temporalio.worker import WorkerDeploymentConfig

from statecharts.runtime import handle
from statecharts.temporal import TemporalRuntime
from tests.test_runtime.versions import Ask, Consult, Note, protocol


async def wait_for_somebody(_: Any) -> None:
    """Hand a call over."""


async def main(address: str, queue: str, version: str) -> None:
    deployment = WorkerDeploymentConfig(
        version=WorkerDeploymentVersion(queue, version),
        use_worker_versioning=True,
        default_versioning_behavior=VersioningBehavior.PINNED,
    )
    call = Ask if version == "1" else Consult
    async with TemporalRuntime(
        await Client.connect(address),
        protocol(int(version)),
        handlers=[handle(call, wait_for_somebody), handle(Note, wait_for_somebody)],
        queue=queue,
        options={"deployment_config": deployment},
    ):
        await asyncio.Event().wait()


if __name__ == "__main__":
    asyncio.run(main(*sys.argv[1:]))
