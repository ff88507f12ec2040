"""Spark's settings of a cluster's driver in a pod, and which of them a tenant may name."""

from __future__ import annotations

import math
import re
from collections.abc import Mapping

from catalog.clusters.model import Cluster, ClusterSpec
from catalog.clusters.tiers import MIB
from catalog.errors import InvalidParameterValue
from engine.clusters import tenancy
from engine.clusters.names import namespace_name, object_name
from engine.clusters.place import Place, TenantData
from engine.clusters.quota import driver_overhead, worker_overhead, workers_most
from engine.spark.configuration import SESSION_SETTINGS, spark_defaults

CONFIG_DIR = "/opt/spark/kadali"
EXECUTOR_TEMPLATE = "executor.json"
PROPERTIES = "spark-defaults.conf"
_TUNING = (
    # how queries are run: nothing that names code, files or addresses, asks for resources, or changes an answer
    r"sql\.adaptive\.(?!customCost|optimizer|logLevel|streaming).+",
    r"sql\.(shuffle\.partitions|leafNodeDefaultParallelism|autoBroadcastJoinThreshold|broadcastTimeout)",
    r"sql\.files\.(maxPartition|minPartition|openCost|maxRecords).+",
    r"sql\.optimizer\.(dynamicPartitionPruning|runtime|runtimeFilter)\..+",
    r"sql\.(cbo|statistics|codegen|inMemoryColumnarStorage|limit|subexpressionElimination)\.\w.*",
    r"sql\.(join\.preferSortMergeJoin|shuffledHashJoinFactor|exchange\.reuse|sort\.enableRadixSort)",
    r"sql\.(maxSinglePartitionBytes|maxBroadcastTableSize|maxConcurrentOutputFileWriters|objectHashAggregate\..+)",
    r"sql\.(windowExec|sortMergeJoinExec|cartesianProductExec|sessionWindow|window\.segmentTree)\..+",
    r"sql\.execution\.(reuseSubquery|removeRedundant.+|replaceHashWithSortAgg|useObjectHash.+)",
    r"sql\.parquet\.(compression\.codec|filterPushdown.*|aggregatePushdown|enable\w*VectorizedReader|pushdown\..+)",
    r"sql\.parquet\.columnarReaderBatchSize|sql\.sources\.(parallelPartitionDiscovery\.threshold|v2\.bucketing\..+)",
    r"databricks\.delta\.(autoCompact|optimize|optimizeWrite)\..+",
    r"databricks\.delta\.(merge\.(materializeSource|repartitionBeforeWrite)|vacuum\.parallelDelete)\..+",
    r"default\.parallelism|broadcast\.(blockSize|checksum|compress)|rdd\.compress|memory\.(fraction|storageFraction)",
    r"speculation(\..+)?|locality\.wait(\..+)?|task\.(cpus|maxFailures|reaper\..+)|reducer\.max.+|cleaner\..+",
    r"shuffle\.(compress|spill\..+|file\.buffer|unsafe\.file\..+|sort\.bypassMergeThreshold|accurateBlock.+)",
    r"shuffle\.io\.(maxRetries|retryWait|numConnectionsPerPeer|connectionTimeout)|io\.compression\.(lz4|zstd|snappy)\..+",
    r"scheduler\.(mode|revive\.interval|listenerbus\.eventqueue\..*capacity)|kryoserializer\.buffer(\.max)?",
    r"network\.timeout(Interval)?|network\.maxRemoteBlockSizeFetchToMem|rpc\.(askTimeout|lookupTimeout|message\.maxSize)",
    r"storage\.(memoryMapThreshold|unrollMemoryThreshold)|executor\.heartbeatInterval",
    r"dynamicAllocation\.(\w+IdleTimeout|\w*[bB]acklogTimeout|executorAllocationRatio|shuffleTracking\.timeout)",
)
_ALLOWED = re.compile(rf"(?=[\w.]+\Z)spark\.({'|'.join(_TUNING)})", re.ASCII)
_VALUE = re.compile(r"[\w.,:+-]{0,64}", re.ASCII)
"""Numbers, sizes, times, words. Never `${env:NAME}`, which Spark replaces by what the driver's environment holds."""


def check_settings(named: Mapping[str, str]) -> None:
    """Raises InvalidParameterValue for a setting that is not a tenant's to choose: anything that is not known to tune
    only. What loads code, says where Spark runs or whom it trusts, is an option of clusters, or changes answers is not.
    """
    for key, value in named.items():
        if key in SESSION_SETTINGS or not _ALLOWED.fullmatch(key):
            raise InvalidParameterValue(
                f'"{key}" cannot be set for a cluster',
                hint="Settings that tune joins, shuffles, files, scheduling and Delta's OPTIMIZE can; resources are "
                "options of their own.",
            )
        if not _VALUE.fullmatch(value):
            raise InvalidParameterValue(f'invalid value for "{key}"', hint="A number, a size, a time or a word.")


def driver_settings(cluster: Cluster, place: Place, data: TenantData) -> dict[str, str]:
    """Everything of spark-defaults.conf. Differs between equal clusters of other sizes in spark.executor.instances."""
    spec, name = cluster.spec, object_name(cluster.id)
    workers = max(workers_most(cluster), 1)
    mount = "spark.kubernetes.executor.volumes.persistentVolumeClaim.lake"
    settings = {
        **spark_defaults(workers * spec.worker_cores, warehouse="/tmp/warehouse"),  # noqa: S108 - a volume of the pod
        **_REAPER,
        **spec.spark,
        **_PODS,
        "spark.kubernetes.namespace": namespace_name(place.prefix, cluster.tenant),
        "spark.kubernetes.container.image": spec.image or place.image,
        "spark.kubernetes.container.image.pullPolicy": place.pull_policy,
        "spark.kubernetes.authenticate.driver.serviceAccountName": spec.service_account or tenancy.DRIVER_ACCOUNT,
        "spark.kubernetes.authenticate.executor.serviceAccountName": spec.service_account or tenancy.EXECUTOR_ACCOUNT,
        "spark.kubernetes.executor.podTemplateFile": f"{CONFIG_DIR}/{EXECUTOR_TEMPLATE}",
        "spark.kubernetes.executor.podNamePrefix": name,
        "spark.driver.memory": f"{(spec.driver_memory - driver_overhead(spec.driver_memory)) // MIB}m",
        "spark.executor.memory": f"{(spec.worker_memory - worker_overhead(spec.worker_memory)) // MIB}m",
        "spark.executor.memoryOverhead": f"{worker_overhead(spec.worker_memory) // MIB}m",
        "spark.executor.cores": str(max(1, math.ceil(spec.worker_cores))),
        "spark.kubernetes.executor.request.cores": millicores(spec.worker_cores),
        **_workers(cluster),
        **data.settings,
    }
    if data.folder is not None:
        settings |= {f"{mount}.mount.path": data.folder, f"{mount}.options.claimName": tenancy.DATA_CLAIM}
    for variable in sorted(data.secrets):
        settings[f"spark.kubernetes.executor.secretKeyRef.{variable}"] = f"{tenancy.DATA_SECRET}:{variable}"
    return settings


def local_settings(spec: ClusterSpec, workers: int) -> dict[str, str]:
    """Those of a driver that works alone, as a process of this machine."""
    return {**spark_defaults(max(workers, 1) * spec.worker_cores), **spec.spark}


def millicores(cores: float) -> str:
    return f"{max(round(cores * 1000), 1)}m"


_REAPER: Mapping[str, str] = {"spark.task.reaper.enabled": "true", "spark.task.reaper.killTimeout": "60s"}
"""A worker with a cancelled task that does not end (a join of everything with everything hears no interrupt) is given
up for another: else the task keeps its core. Only where workers are processes of their own. A tenant may set others."""

_PODS: Mapping[str, str] = {
    "spark.driver.port": str(tenancy.DRIVER_PORT),
    "spark.driver.blockManager.port": str(tenancy.DRIVER_BLOCKS_PORT),
    "spark.blockManager.port": str(tenancy.WORKER_BLOCKS_PORT),
    "spark.connect.grpc.binding.port": str(tenancy.CONNECT_PORT),
    "spark.ui.enabled": "true",
    "spark.ui.port": str(tenancy.UI_PORT),
    # a refusal by the quota counts as a failure: with Spark's own limits a few end the driver within seconds
    "spark.executor.maxNumFailures": "1000",
    "spark.executor.failuresValidityInterval": "1m",
    "spark.scheduler.minRegisteredResourcesRatio": "0",  # workers that cannot be placed keep no driver from starting
    "spark.kubernetes.driver.connectionTimeout": "60000",  # 10 s are too few on a loaded machine
    "spark.kubernetes.driver.requestTimeout": "60000",
    "spark.decommission.enabled": "true",
    "spark.storage.decommission.enabled": "true",
    "spark.storage.decommission.shuffleBlocks.enabled": "true",
    "spark.local.dir": "/tmp/spark",  # noqa: S108 - a volume of the pod
}


def _workers(cluster: Cluster) -> dict[str, str]:
    """How many there are: a number the driver program keeps, or bounds within which Spark decides."""
    if not cluster.spec.autoscales:
        return {"spark.executor.instances": str(cluster.workers_wanted)}
    return {
        "spark.dynamicAllocation.enabled": "true",
        "spark.dynamicAllocation.shuffleTracking.enabled": "true",
        "spark.dynamicAllocation.minExecutors": str(cluster.spec.min_workers),
        "spark.dynamicAllocation.initialExecutors": str(cluster.spec.min_workers),
        "spark.dynamicAllocation.maxExecutors": str(cluster.spec.max_workers),
    }
