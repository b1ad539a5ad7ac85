#!/usr/bin/env python3
"""The Kubernetes set: its parts refer to each other rightly, it meets the restricted Pod Security Standard, and a stop or a start
has the time it needs. Every check is also shown to fail on a set broken in that point."""

import copy
import os
import shutil
import subprocess
import sys
import tempfile
import unittest
from pathlib import Path

sys.path.insert(0, str(Path(__file__).parent))
import support  # noqa: E402

yaml = support.yaml()
FOLDER = support.DEPLOY / "kubernetes"
DEFAULT_DRAIN_SECONDS = 30  # of server.drain_timeout
ALLOWED_VOLUMES = {"configMap", "csi", "downwardAPI", "emptyDir", "ephemeral", "persistentVolumeClaim", "projected", "secret"}


def load():
    kustomization = yaml.safe_load((FOLDER / "kustomization.yaml").read_text())
    documents = {}
    for name in kustomization["resources"]:
        for document in yaml.safe_load_all((FOLDER / name).read_text()):
            documents[document["kind"]] = document
    return kustomization, documents


def pod(documents):
    return documents["Deployment"]["spec"]["template"]["spec"]


def container(documents):
    return pod(documents)["containers"][0]


def restricted(documents):
    """https://kubernetes.io/docs/concepts/security/pod-security-standards/, profile Restricted, and read-only root file systems."""
    spec = pod(documents)
    context = spec.get("securityContext", {})
    for field in ("hostNetwork", "hostPID", "hostIPC"):
        if spec.get(field):
            yield f"{field} is on"
    if context.get("runAsNonRoot") is not True or context.get("runAsUser") == 0:
        yield "it may run as root"
    if context.get("seccompProfile", {}).get("type") not in ("RuntimeDefault", "Localhost"):
        yield "no seccomp profile"
    for volume in spec.get("volumes", []):
        for kind in set(volume) - {"name"} - ALLOWED_VOLUMES:
            yield f"volume {volume['name']} is a {kind}"
    for each in spec["containers"] + spec.get("initContainers", []):
        own = each.get("securityContext", {})
        if own.get("allowPrivilegeEscalation") is not False:
            yield f"{each['name']} may escalate privileges"
        if own.get("privileged"):
            yield f"{each['name']} is privileged"
        if own.get("capabilities", {}).get("drop") != ["ALL"] or set(own["capabilities"].get("add", [])) - {"NET_BIND_SERVICE"}:
            yield f"{each['name']} keeps capabilities"
        if own.get("readOnlyRootFilesystem") is not True:
            yield f"{each['name']} can write to its root file system"
        for port in each.get("ports", []):
            if port.get("hostPort"):
                yield f"{each['name']} takes port {port['hostPort']} of its host"


def references(documents):
    """Selectors select our pods; ports, volumes, the account and the claims exist."""
    template = documents["Deployment"]["spec"]["template"]
    labels = template["metadata"]["labels"].items()
    selectors = {
        "Deployment": documents["Deployment"]["spec"]["selector"]["matchLabels"],
        "Service": documents["Service"]["spec"]["selector"],
        "NetworkPolicy": documents["NetworkPolicy"]["spec"]["podSelector"]["matchLabels"],
        "PodDisruptionBudget": documents["PodDisruptionBudget"]["spec"]["selector"]["matchLabels"],
    }
    for kind, selector in selectors.items():
        if not selector or not selector.items() <= labels:
            yield f"{kind} selects {selector}, our pods are {dict(labels)}"
    ports = {port["name"]: port["containerPort"] for port in container(documents)["ports"]}
    for port in documents["Service"]["spec"]["ports"]:
        if ports.get(port["targetPort"]) != port["port"]:
            yield f"the service's port {port['name']} leads nowhere"
    for rule in documents["NetworkPolicy"]["spec"]["ingress"]:
        for port in rule["ports"]:
            if port["port"] not in ports:
                yield f"the network policy admits the unknown port {port['port']}"
    if pod(documents)["serviceAccountName"] != documents["ServiceAccount"]["metadata"]["name"]:
        yield "the service account does not exist"
    volumes = {volume["name"]: volume for volume in pod(documents)["volumes"]}
    for mount in container(documents)["volumeMounts"]:
        if mount["name"] not in volumes:
            yield f"nothing to mount at {mount['mountPath']}"
    for volume in volumes.values():
        if "configMap" in volume and volume["configMap"]["name"] != documents["ConfigMap"]["metadata"]["name"]:
            yield "the config map does not exist"
        claim = volume.get("persistentVolumeClaim", {}).get("claimName")
        if claim and claim != documents["PersistentVolumeClaim"]["metadata"]["name"]:
            yield "the claim does not exist"
    mounted = {mount["mountPath"] for mount in container(documents)["volumeMounts"]}
    config = container(documents)["args"][container(documents)["args"].index("--config") + 1]
    folder, _, name = config.rpartition("/")
    if folder not in mounted or name not in documents["ConfigMap"]["data"]:
        yield f"{config} is not in the config map"
    model = yaml.safe_load(documents["ConfigMap"]["data"].get(name, "{}")).get("model", {}).get("path", "")
    if not any(model.startswith(path + "/") for path in mounted):
        yield f"the model's path {model} is on no volume"


def probes(documents):
    """All three probes speak gRPC to the port that the server listens on."""
    ports = {port["name"]: port["containerPort"] for port in container(documents)["ports"]}
    for kind in ("startupProbe", "readinessProbe", "livenessProbe"):
        probe = container(documents).get(kind, {})
        if probe.get("grpc", {}).get("port") != ports["grpc"]:
            yield f"{kind} does not ask the gRPC port"
    liveness = container(documents).get("livenessProbe", {})
    if liveness.get("grpc", {}).get("service") == "liveness":
        yield "nothing restarts a pod whose device stays broken: 'liveness' is SERVING while the process answers at all"
    if liveness.get("periodSeconds", 10) * liveness.get("failureThreshold", 3) < 60:
        yield "less than a minute of NOT_SERVING restarts a pod"
    startup = container(documents).get("startupProbe", {})
    if startup.get("periodSeconds", 10) * startup.get("failureThreshold", 3) < 300:
        yield "a large model has less than five minutes to load"


def lifetimes(documents):
    """The grace period covers preStop and the drain; a roll-out never has fewer pods than wanted."""
    command = container(documents).get("lifecycle", {}).get("preStop", {}).get("exec", {}).get("command", [])
    pause = int(command[1]) if command[:1] == ["sleep"] else 0
    if pause < 5:
        yield "no preStop pause for endpoints to spread"
    if pod(documents)["terminationGracePeriodSeconds"] < pause + DEFAULT_DRAIN_SECONDS + 10:
        yield "the grace period is shorter than preStop, drain and the batch in flight"
    rolling = documents["Deployment"]["spec"]["strategy"]["rollingUpdate"]
    if rolling["maxUnavailable"] != 0 or rolling["maxSurge"] < 1:
        yield "a roll-out takes pods away before new ones serve"
    if documents["PodDisruptionBudget"]["spec"]["maxUnavailable"] >= documents["Deployment"]["spec"]["replicas"]:
        yield "a node drain may take every pod"


def surroundings(documents):
    """Nothing is assumed of the cluster: no namespace, no API access, a bounded memory, no service variables."""
    for kind, document in documents.items():
        if "namespace" in document["metadata"]:
            yield f"{kind} names a namespace"
    if pod(documents).get("automountServiceAccountToken") is not False:
        yield "the pod gets a token for the Kubernetes API"
    if pod(documents).get("enableServiceLinks") is not False:
        yield "GUICHET_… variables of Kubernetes would reach the server's configuration"
    resources = container(documents).get("resources", {})
    if not {"cpu", "memory"} <= set(resources.get("requests", {})) or "memory" not in resources.get("limits", {}):
        yield "no resource requests or no memory limit"
    if documents["Service"]["spec"].get("clusterIP") != "None":
        yield "the service is not headless, so one pod would get all the calls of a connection"
    policy = documents["NetworkPolicy"]["spec"]
    if set(policy["policyTypes"]) != {"Ingress", "Egress"} or any(not rule.get("from") for rule in policy["ingress"]):
        yield "the network policy lets anybody in or out"


CHECKS = (restricted, references, probes, lifetimes, surroundings)


def put(path, value):
    """A change of one field: put("Deployment.spec.replicas", 1); None removes it."""
    def change(documents):
        *parents, last = (int(step) if step.isdigit() else step for step in path.split("."))
        target = documents
        for step in parents:
            target = target[step]
        if value is None:
            del target[last]
        else:
            target[last] = value
    return change


POD = "Deployment.spec.template.spec"
ONE = POD + ".containers.0"
BROKEN = {
    restricted: [
        put(POD + ".hostNetwork", True), put(POD + ".securityContext.runAsNonRoot", None),
        put(POD + ".securityContext.seccompProfile", None), put(POD + ".volumes.0", {"name": "config", "hostPath": {"path": "/"}}),
        put(ONE + ".securityContext", {}), put(ONE + ".securityContext.capabilities", {"drop": ["ALL"], "add": ["SYS_ADMIN"]}),
        put(ONE + ".securityContext.privileged", True), put(ONE + ".securityContext.readOnlyRootFilesystem", False),
        put(ONE + ".ports.0.hostPort", 50051),
    ],
    references: [
        put("Service.spec.selector", {"app": "other"}), put("PodDisruptionBudget.spec.selector.matchLabels", {}),
        put("Service.spec.ports.0.port", 50052), put("NetworkPolicy.spec.ingress.0.ports.0.port", "http"),
        put(POD + ".serviceAccountName", "default"), put(ONE + ".volumeMounts.0.name", "gone"),
        put("ConfigMap.metadata.name", "other"), put("PersistentVolumeClaim.metadata.name", "other"),
        put("ConfigMap.data", {"other.yaml": ""}), put("ConfigMap.data", {"guichet.yaml": "model: {path: /elsewhere}"}),
    ],
    probes: [put(ONE + ".startupProbe", None), put(ONE + ".livenessProbe.grpc.port", 9464),
             put(ONE + ".startupProbe.failureThreshold", 3), put(ONE + ".livenessProbe.grpc.service", "liveness"),
             put(ONE + ".livenessProbe.failureThreshold", 3)],
    lifetimes: [put(ONE + ".lifecycle", {}), put(POD + ".terminationGracePeriodSeconds", 30),
                put("Deployment.spec.strategy.rollingUpdate.maxUnavailable", 1), put("Deployment.spec.replicas", 1)],
    surroundings: [put("Service.metadata.namespace", "default"), put(POD + ".automountServiceAccountToken", True),
                   put(POD + ".enableServiceLinks", None), put(ONE + ".resources.limits", {}),
                   put("Service.spec.clusterIP", None), put("NetworkPolicy.spec.ingress", [{"ports": []}])],
}


class KubernetesTest(unittest.TestCase):
    def test_the_set_is_sound(self):
        _, documents = load()
        for check in CHECKS:
            with self.subTest(check.__name__):
                self.assertEqual(list(check(documents)), [])

    def test_every_check_finds_what_it_is_for(self):
        _, documents = load()
        for check in CHECKS:
            for number, change in enumerate(BROKEN[check]):
                with self.subTest(check.__name__, change=number):
                    broken = copy.deepcopy(documents)
                    change(broken)
                    self.assertTrue(list(check(broken)))

    def test_every_manifest_is_part_of_the_set(self):
        kustomization, _ = load()
        files = {path.name for path in FOLDER.glob("*.yaml")} - {"kustomization.yaml"}
        self.assertEqual(files, set(kustomization["resources"]))

    def test_the_image_has_a_fixed_tag(self):
        kustomization, documents = load()
        tags = {image["name"]: image.get("newTag", "latest") for image in kustomization["images"]}
        self.assertNotIn(tags[container(documents)["image"]], ("latest", ""))


@unittest.skipUnless(shutil.which("kubectl"), "kubectl is not installed")
class TrainingComponentTest(unittest.TestCase):
    """deploy/kubernetes/training over the set, as kustomize puts them together."""

    def setUp(self):
        with tempfile.TemporaryDirectory() as folder:
            for name, part in (("resources", FOLDER), ("components", FOLDER / "training")):
                with open(Path(folder, "kustomization.yaml"), "a", encoding="utf-8") as overlay:
                    overlay.write(f"{name}: [{os.path.relpath(part, Path(folder).resolve())}]\n")
            built = subprocess.run(["kubectl", "kustomize", folder], capture_output=True, text=True, check=False)
        self.assertEqual(built.returncode, 0, built.stderr)
        self.claims = set()
        self.documents = {}
        for document in yaml.safe_load_all(built.stdout):
            if document["kind"] == "PersistentVolumeClaim":
                self.claims.add(document["metadata"]["name"])
            self.documents.setdefault(document["kind"], document)

    def test_one_pod_owns_the_folder_and_may_write_there(self):
        deployment = self.documents["Deployment"]["spec"]
        self.assertEqual((deployment["replicas"], deployment["strategy"]), (1, {"type": "Recreate"}))
        folder = {each["name"]: each["value"] for each in container(self.documents)["env"]}["GUICHET_TRAINING_FOLDER"]
        mount = {each["mountPath"]: each for each in container(self.documents)["volumeMounts"]}[folder]
        self.assertFalse(mount.get("readOnly", False))
        claims = {each["name"]: each["persistentVolumeClaim"]["claimName"]
                  for each in pod(self.documents)["volumes"] if "persistentVolumeClaim" in each}
        self.assertIn(claims[mount["name"]], self.claims)
        self.assertLessEqual(set(claims.values()), self.claims)

    def test_it_is_still_restricted_and_has_its_surroundings(self):
        for check in (restricted, probes, surroundings):
            self.assertEqual(list(check(self.documents)), [])


if __name__ == "__main__":
    sys.exit(support.run(KubernetesTest, TrainingComponentTest))
