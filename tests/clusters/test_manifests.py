"""Objects of tenants and clusters: what security and life depend on."""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import replace
from typing import Any

import pytest

from catalog.clusters.model import Cluster, Tier
from catalog.errors import InvalidParameterValue
from engine.clusters.manifests import Plans, cluster_plans, toleration
from engine.clusters.objects import CLUSTER_ID, ROLE, SERVER, Manifest
from engine.clusters.place import Endpoint, Place, TenantData
from engine.clusters.settings import check_settings, driver_settings, local_settings
from engine.clusters.tenancy import hard_limits, tenant_objects
from tests.clusters.samples import GIB, ID, TIER, cluster

PLACE = Place("s1", "kadali-", "image:1", api=(Endpoint("10.96.0.1", 443), Endpoint("192.0.2.7", 6443)))
FOLDER = TenantData(folder="/data/lake/acme", user=1234)
KEYS = TenantData(
    settings={"spark.hadoop.fs.s3a.endpoint": "http://store:9000"},
    secrets={"AWS_ACCESS_KEY_ID": "id", "AWS_SECRET_ACCESS_KEY": "hidden"},
    ports=(9000,),
)


def made(one: Cluster | None = None, data: TenantData = FOLDER, tier: Tier = TIER) -> Plans:
    return cluster_plans(PLACE, one or cluster(), tier, data)


def of_kind(objects: Mapping[int, Manifest] | tuple[Manifest, ...] | list[Manifest], kind: str) -> list[Any]:
    return [one for one in objects if one["kind"] == kind]  # type: ignore[index, union-attr]


def pod(plans: Plans) -> Any:
    return plans.stateful_set["spec"]["template"]["spec"]  # type: ignore[index]


def driver(plans: Plans) -> Any:
    return pod(plans)["containers"][0]


def executor(plans: Plans) -> Any:
    (files,) = of_kind(plans.objects, "ConfigMap")
    return json.loads(files["data"]["executor.json"])


def test_all_objects_carry_labels_and_lie_in_the_tenants_namespace() -> None:
    plans = made()
    kinds = [one["kind"] for one in plans.objects]
    assert kinds == (
        "Namespace ResourceQuota ResourceQuota LimitRange ServiceAccount ServiceAccount Role RoleBinding NetworkPolicy"
        " PersistentVolume PersistentVolumeClaim Secret ConfigMap Service".split()
    )
    for one in (*plans.objects, plans.stateful_set):
        assert one["metadata"]["labels"][SERVER] == "s1"
        if one["kind"] not in ("Namespace", "PersistentVolume"):
            assert one["metadata"]["namespace"] == "kadali-acme"
    for one in (*plans.objects[-3:], plans.stateful_set):
        assert one["metadata"]["labels"][CLUSTER_ID] == str(ID)
        assert one["metadata"]["name"] == "c-3f2a91bc0d4e"


def test_pods_are_restricted() -> None:
    plans = made()
    (namespace,) = of_kind(plans.objects, "Namespace")
    assert namespace["metadata"]["labels"]["pod-security.kubernetes.io/enforce"] == "restricted"
    for spec in (pod(plans), executor(plans)["spec"]):
        assert spec["securityContext"]["runAsNonRoot"] is True
        assert spec["securityContext"]["runAsUser"] == 1234
        assert spec["securityContext"]["seccompProfile"] == {"type": "RuntimeDefault"}
        (container,) = spec["containers"]
        assert container["securityContext"] == {
            "allowPrivilegeEscalation": False,
            "readOnlyRootFilesystem": True,
            "capabilities": {"drop": ["ALL"]},
        }
    assert executor(plans)["spec"]["automountServiceAccountToken"] is False


def test_the_token_is_in_the_secret_alone() -> None:
    plans = made(cluster(token="topsecret"))
    holders = [one["kind"] for one in (*plans.objects, plans.stateful_set) if "topsecret" in json.dumps(one)]
    assert holders == ["Secret"]
    names = {variable["name"] for variable in driver(plans)["env"]}
    assert {"POD_IP", "POD_NAME", "POD_NAMESPACE", "KADALI_CLUSTER", "SPARK_CONNECT_AUTHENTICATE_TOKEN"} <= names
    assert "SPARK_CONNECT_AUTHENTICATE_TOKEN" not in json.dumps(executor(plans))


def test_drivers_manage_their_executors_and_nothing_else() -> None:
    (role,) = of_kind(made().objects, "Role")
    granted = {(resource, verb) for rule in role["rules"] for resource in rule["resources"] for verb in rule["verbs"]}
    assert ("pods", "create") in granted
    assert not [one for one in granted if one[0] not in "pods configmaps services persistentvolumeclaims".split()]
    assert ("services", "create") not in granted
    driver_account, executor_account = of_kind(made().objects, "ServiceAccount")
    assert executor_account["automountServiceAccountToken"] is False
    assert "automountServiceAccountToken" not in driver_account


def test_the_network_is_closed_but_for_what_is_needed() -> None:
    (policy,) = of_kind(made(data=KEYS).objects, "NetworkPolicy")
    spec = policy["spec"]
    assert spec["policyTypes"] == ["Ingress", "Egress"]
    assert [port["port"] for port in spec["ingress"][1]["ports"]] == [15002, 9400, 4040]
    assert spec["ingress"][1]["from"] == [{"namespaceSelector": {"matchLabels": {ROLE: "gateway"}}}]
    told = [(rule.get("to"), [port["port"] for port in rule.get("ports", ())]) for rule in spec["egress"]]
    assert told[0] == ([{"podSelector": {}}], [])
    assert ([{"ipBlock": {"cidr": "10.96.0.1/32"}}], [443]) in told
    assert ([{"ipBlock": {"cidr": "192.0.2.7/32"}}], [6443]) in told
    assert told[-1][1] == [9000]
    assert told[-1][0][0]["ipBlock"]["except"] == ["169.254.0.0/16"]
    (local,) = of_kind(made().objects, "NetworkPolicy")
    assert len(local["spec"]["egress"]) == 4  # nowhere else
    (unknown,) = of_kind(tenant_objects(replace(PLACE, api=()), "acme", TIER, FOLDER), "NetworkPolicy")
    assert [port["port"] for port in unknown["spec"]["egress"][2]["ports"]] == [443, 6443]


def test_a_folder_is_mounted_at_its_own_path_and_is_nobody_elses() -> None:
    plans = made()
    (volume,), (claim,) = of_kind(plans.objects, "PersistentVolume"), of_kind(plans.objects, "PersistentVolumeClaim")
    assert volume["spec"]["hostPath"]["path"] == "/data/lake/acme"
    assert volume["spec"]["persistentVolumeReclaimPolicy"] == "Retain"
    assert volume["spec"]["claimRef"]["namespace"] == "kadali-acme"
    assert claim["spec"]["volumeName"] == volume["metadata"]["name"]
    assert {"name": "lake", "mountPath": "/data/lake/acme"} in driver(plans)["volumeMounts"]
    conf = driver_settings(cluster(), PLACE, FOLDER)
    assert conf["spark.kubernetes.executor.volumes.persistentVolumeClaim.lake.mount.path"] == "/data/lake/acme"


def test_keys_of_a_store_are_in_a_secret_and_reach_both_kinds_of_pods() -> None:
    plans = made(data=KEYS)
    assert not of_kind(plans.objects, "PersistentVolume")
    holders = [one["metadata"]["name"] for one in (*plans.objects, plans.stateful_set) if "hidden" in json.dumps(one)]
    assert holders == ["lake-keys"]
    conf = driver_settings(cluster(), PLACE, KEYS)
    assert conf["spark.kubernetes.executor.secretKeyRef.AWS_SECRET_ACCESS_KEY"] == "lake-keys:AWS_SECRET_ACCESS_KEY"
    assert conf["spark.hadoop.fs.s3a.endpoint"] == "http://store:9000"
    assert any(variable["name"] == "AWS_SECRET_ACCESS_KEY" for variable in driver(plans)["env"])


def test_sizes() -> None:
    plans = made()
    assert driver(plans)["resources"] == {
        "requests": {"cpu": "500m", "memory": "1Gi"},
        "limits": {"memory": "1Gi"},
    }
    conf = driver_settings(cluster(), PLACE, FOLDER)
    assert conf["spark.driver.memory"] == "640m"
    assert (conf["spark.executor.memory"], conf["spark.executor.memoryOverhead"]) == ("512m", "256m")
    assert (conf["spark.executor.cores"], conf["spark.kubernetes.executor.request.cores"]) == ("1", "250m")
    big = driver_settings(cluster(spec={"worker_memory": 16 * GIB, "worker_cores": 4}), PLACE, FOLDER)
    assert (big["spark.executor.cores"], big["spark.executor.memory"]) == ("4", "14745m")
    assert hard_limits(TIER) == {
        "requests.cpu": "8000m",
        "requests.memory": "16Gi",
        "limits.memory": "16Gi",
        "pods": "25",
    }
    assert hard_limits(Tier("none")) == {}


def test_fixed_and_autoscaling_workers() -> None:
    fixed = driver_settings(cluster(workers_wanted=3), PLACE, FOLDER)
    assert fixed["spark.executor.instances"] == "3"
    assert "spark.dynamicAllocation.enabled" not in fixed
    auto = driver_settings(cluster(spec={"min_workers": 1, "max_workers": 3}), PLACE, FOLDER)
    assert "spark.executor.instances" not in auto
    assert auto["spark.dynamicAllocation.minExecutors"] == "1"
    assert auto["spark.dynamicAllocation.maxExecutors"] == "3"


def test_workers_are_given_up_for_tasks_that_hear_no_cancel_but_no_driver_that_works_alone() -> None:
    reaper = {"spark.task.reaper.enabled": "true", "spark.task.reaper.killTimeout": "60s"}
    assert reaper.items() <= driver_settings(cluster(), PLACE, FOLDER).items()
    patient = cluster(spec={"spark": {"spark.task.reaper.killTimeout": "10m"}})
    assert driver_settings(patient, PLACE, FOLDER)["spark.task.reaper.killTimeout"] == "10m"
    assert not reaper.keys() & local_settings(cluster().spec, 1).keys()


def test_what_needs_a_new_driver_and_what_does_not() -> None:
    plain = made()
    assert made() == plain
    scaled = made(cluster(workers_wanted=1))
    assert (scaled.settings, scaled.revision == plain.revision) == (plain.settings, False)
    assert made(cluster(name="other")).settings == plain.settings
    assert made(tier=replace(TIER, cores=9)).settings == plain.settings
    assert made(cluster(restarts=1)).settings == plain.settings
    for change in (
        {"spark": {"spark.sql.shuffle.partitions": "64"}},
        {"image": "other:2"},
        {"driver_memory": 2 * GIB},
        {"worker_memory": 2 * GIB},
        {"node_selector": {"pool": "big"}},
        {"max_workers": 4},
    ):
        assert made(cluster(spec=change)).settings != plain.settings, change


def test_scheduling() -> None:
    spec = {"node_selector": {"pool": "big"}, "tolerations": ("gpu=yes:NoSchedule", "spot"), "priority": "low"}
    plans = made(cluster(spec=spec))
    for one in (pod(plans), executor(plans)["spec"]):
        assert one["nodeSelector"] == {"pool": "big"}
        assert one["priorityClassName"] == "low"
        assert one["tolerations"] == [
            {"key": "gpu", "operator": "Equal", "value": "yes", "effect": "NoSchedule"},
            {"key": "spot", "operator": "Exists"},
        ]
    for bad in ("", "=x", "a=b:Never", ":NoSchedule"):
        with pytest.raises(InvalidParameterValue):
            toleration(bad)


@pytest.mark.parametrize("name", ["acme", "Acme Inc.", "日本", "a" * 63, "x; rm -rf"])
def test_any_name_makes_objects_that_kubernetes_takes(name: str) -> None:
    plans = made(cluster(tenant=name, name=name))
    for one in (*plans.objects, plans.stateful_set):
        assert all(len(value) <= 63 and value.isascii() for value in one["metadata"]["labels"].values())
        assert len(one["metadata"]["name"]) <= 63


@pytest.mark.parametrize(
    "key",
    [
        "spark.sql.shuffle.partitions",
        "spark.sql.adaptive.enabled",
        "spark.databricks.delta.optimize.maxFileSize",
        "spark.dynamicAllocation.executorIdleTimeout",
        "spark.network.timeout",
        "spark.memory.fraction",
        "spark.shuffle.compress",
        "spark.scheduler.mode",
    ],
)
def test_settings_a_tenant_may_name(key: str) -> None:
    check_settings({key: "1"})
    assert driver_settings(cluster(spec={"spark": {key: "17"}}), PLACE, FOLDER)[key] == "17"


@pytest.mark.parametrize(
    "key",
    [
        "spark.master",
        "spark.jars",
        "spark.jars.packages",
        "spark.plugins",
        "spark.kubernetes.namespace",
        "spark.kubernetes.executor.podTemplateFile",
        "spark.kubernetes.authenticate.driver.serviceAccountName",
        "spark.driver.extraJavaOptions",
        "spark.executor.extraClassPath",
        "spark.executor.instances",
        "spark.executor.memory",
        "spark.executor.plugins.defaultList",
        "spark.driver.host",
        "spark.connect.grpc.binding.port",
        "spark.connect.extensions.relation.classes",
        "spark.sql.extensions",
        "spark.sql.catalog.spark_catalog",
        "spark.sql.catalog.other",
        "spark.sql.ansi.enabled",
        "spark.sql.session.timeZone",
        "spark.sql.warehouse.dir",
        "spark.sql.hive.metastore.jars",
        "spark.sql.queryExecutionListeners",
        "spark.sql.streaming.streamingQueryListeners",
        "spark.sql.sources.commitProtocolClass",
        "spark.dynamicAllocation.maxExecutors",
        "spark.shuffle.manager",
        "spark.serializer",
        "spark.kryo.registrator",
        "spark.io.encryption.enabled",
        "spark.hadoop.fs.s3a.endpoint",
        "spark.authenticate.secret",
        "spark.ui.filters",
        "spark.executor.defaultJavaOptions",
        "spark.executor.pyspark.memory",
        "spark.memory.offHeap.size",
        "spark.storage.replication.policy",
        "spark.storage.replication.topologyFile",
        "spark.authenticate",
        "spark.network.crypto.enabled",
        "spark.sql.execution.pyspark.python",
        "spark.sql.extendedExplainProviders",
        "spark.sql.adaptive.customCostEvaluatorClass",
        "spark.sql.maven.additionalRemoteRepositories",
        "spark.sql.redaction.string.regex",
        "spark.sql.files.ignoreMissingFiles",
        "spark.sql.legacy.timeParserPolicy",
        "spark.sql.parser.quotedRegexColumnNames",
        "spark.sql.storeAssignmentPolicy",
        "spark.databricks.delta.checkConstraints.validation.enabled",
        "spark.databricks.delta.commitValidation.enabled",
        "spark.databricks.delta.retentionDurationCheck.enabled",
        "spark.databricks.delta.coordinatedCommits.commitCoordinator.dynamodb.awsCredentialsProviderName",
        "spark.sql.shuffle.partitions\nspark.plugins",
        "spark.sql.adaptive.enabled=true spark.plugins",
        "spark.eventLog.dir",
        "spark.redaction.regex",
        "spark.extraListeners",
        "SPARK.MASTER",
        "spark",
        "",
    ],
)
def test_settings_that_are_not_a_tenants(key: str) -> None:
    with pytest.raises(InvalidParameterValue):
        check_settings({key: "x"})


@pytest.mark.parametrize(
    "value", ["${env:AWS_SECRET_ACCESS_KEY}", "${spark.connect.authenticate.token}", "1\nspark.plugins=x", "a b"]
)
def test_values_that_would_be_replaced_or_end_the_line(value: str) -> None:
    with pytest.raises(InvalidParameterValue):
        check_settings({"spark.sql.shuffle.partitions": value})


def test_a_driver_of_this_machine_has_no_pods_settings() -> None:
    conf = local_settings(cluster(spec={"spark": {"spark.sql.shuffle.partitions": "9"}}).spec, 2)
    assert conf["spark.sql.shuffle.partitions"] == "9"
    assert not [key for key in conf if key.startswith("spark.kubernetes")]
