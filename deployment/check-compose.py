#!/usr/bin/env python3
"""Checks docker-compose.yml against the files it names: images, build targets, paths, ports,
variables, volumes, and that every service is confined.

Prints a line for each problem and exits with 1 if there are any; with 2 if PyYAML is absent.
"""

import pathlib
import re
import subprocess
import sys

try:
    import yaml
except ImportError:
    print("PyYAML is absent: pip install pyyaml, or apt-get install python3-yaml")
    sys.exit(2)

ROOT = pathlib.Path(__file__).resolve().parent.parent
SERVICES = {
    "bike-api": 8080,
    "retrainer": 8090,
    "prometheus": 9090,
    "alertmanager": 9093,
    "grafana": 3000,
    "node-exporter": 9100,
    "blackbox-exporter": 9115,
}
PROFILES = {"evaluation": "evaluation", "model": "model", "traffic": "traffic"}
# Services that are reached within the network of the stack alone.
UNPUBLISHED = {"alertmanager"}
# Services that do their work and end.
TASKS = {"evaluation", "model"}
# Folders that the pinned images have, owned by the user they run as.
IMAGE_FOLDERS = {
    "prom/prometheus": {"/prometheus"},
    "prom/alertmanager": {"/alertmanager"},
    "grafana/grafana": {"/var/lib/grafana"},
}
problems = []


class StrictLoader(yaml.SafeLoader):
    """Refuses a key that is there twice, as compose does."""

    def construct_mapping(self, node, deep=False):
        keys = [key.value for key, _ in node.value if key.value != "<<"]
        for key in {key for key in keys if keys.count(key) > 1}:
            raise yaml.YAMLError(f"{key} is there twice, line {node.start_mark.line + 1}")
        return super().construct_mapping(node, deep)


def check(condition, problem):
    if not condition:
        problems.append(problem)


def read(path):
    return (ROOT / path).read_text()


def main():
    text = read("docker-compose.yml")
    compose = yaml.load(text, StrictLoader)
    services = compose["services"]
    if set(services) != set(SERVICES) | set(PROFILES):
        print(f"docker-compose.yml: services are {', '.join(services)}")
        return 1
    check_variables(text, services)
    for name, service in services.items():
        check_image(name, service)
        check_confinement(name, service)
        check_volumes(name, service, compose["volumes"])
        check_ports(name, service)
        check_life(name, service)
    used = {mount["source"] for service in services.values() for mount in service.get("volumes", [])}
    for volume in set(compose["volumes"]) - used:
        problems.append(f"volume {volume} is not used")
    check_training(services)
    check_origins(services)
    check_toolchain()
    check_addresses()
    for problem in problems:
        print(f"docker-compose.yml: {problem}")
    return 1 if problems else 0


def interpolate(text):
    """The text with the defaults of its variables."""
    return re.sub(r"\$\{\w+:-([^}]*)\}", r"\1", text)


def check_variables(text, services):
    """Every variable has a default, the one that .env.example shows; what is set is read."""
    example = dict(re.findall(r"^(\w+)=(.*)$", read(".env.example"), re.MULTILINE))
    used = dict(re.findall(r"\$\{(\w+):-([^}]*)\}", text))
    plain = re.findall(r"(?<!\$)\$(?!\$)(?!\{\w+:-)\S*", re.sub(r"\$\$", "", text))
    check(not plain, f"variables without a default: {plain}")
    check(used == example, f"variables {used}, but .env.example has {example}")
    optional = set(re.findall(r"^#(\w+)=", read(".env.example"), re.MULTILINE))
    passed = {
        key
        for service in services.values()
        for key, value in service.get("environment", {}).items()
        if value is None
    }
    check(passed == optional, f"variables {passed} are passed on, but .env.example has {optional}")

    stages = dockerfile_stages()
    for name, service in services.items():
        if "build" not in service:
            continue
        variables, entrypoint = stages.get(service["build"]["target"], ({}, ""))
        source = source_of(entrypoint)
        for variable in sorted({*variables, *service.get("environment", {})}):
            if variable.startswith("CANOPY_"):
                check(f'"{variable}"' in source, f"{name}: {entrypoint} does not read {variable}")


def dockerfile_stages():
    """The variables and the program of each stage of the Dockerfile, those of its base included."""
    stages = {}
    instructions = re.sub(r"\\\n", " ", re.sub(r"^ *#.*\n", "", read("Dockerfile"), flags=re.MULTILINE))
    for line in instructions.splitlines():
        instruction, _, rest = line.partition(" ")
        if instruction == "FROM":
            base, _, name = rest.split()
            variables, entrypoint = stages.get(base, ({}, ""))
            stages[name] = (dict(variables), entrypoint)
        elif instruction == "ENV":
            stages[name][0].update(re.findall(r"(\w+)=(\S+)", rest))
        elif instruction == "ENTRYPOINT":
            stages[name] = (stages[name][0], yaml.safe_load(rest)[0])
    return stages


def source_of(package):
    """The source of a package of the workspace and of the packages there that it depends on."""
    manifests = {
        re.search(r'^name = "(.*)"', path.read_text(), re.MULTILINE).group(1): path
        for member in re.findall(r'^    "(\S+)",', read("Cargo.toml"), re.MULTILINE)
        for path in [ROOT / member / "Cargo.toml"]
    }
    found, waiting = set(), [package]
    while waiting:
        name = waiting.pop()
        if name in manifests and name not in found:
            found.add(name)
            dependencies = manifests[name].read_text().partition("\n[dependencies]")[2].partition("\n[")[0]
            waiting += re.findall(r"^([\w-]+)", dependencies, re.MULTILINE)
    paths = (path for name in sorted(found) for path in (manifests[name].parent / "src").rglob("*.rs"))
    return "".join(path.read_text() for path in paths)


def check_image(name, service):
    image = service.get("image", "")
    if "build" in service:
        target = service["build"]["target"]
        check(service["build"]["context"] == ".", f"{name} is built elsewhere")
        check(
            re.search(rf"^FROM \S+ AS {target}$", read("Dockerfile"), re.MULTILINE),
            f"Dockerfile has no target {target} for {name}",
        )
        check(image.endswith(":local"), f"{name}: {image} looks like an image to pull")
    else:
        check(re.fullmatch(r"[a-z-]+/[a-z-]+:v?\d+\.\d+\.\d+", image), f"{name}: {image} is not pinned")


def check_confinement(name, service):
    user = str(service.get("user", ""))
    check(re.match(r"[1-9]\d*:\d+$", user), f"{name} runs as {user or 'whoever'}")
    if "build" in service:
        check(
            f"--uid {user.split(':')[0]} " in read("Dockerfile"),
            f"Dockerfile has no user {user} for {name}",
        )
    check(service.get("read_only") is True, f"{name} can write to its root file system")
    check(service.get("cap_drop") == ["ALL"] and "cap_add" not in service, f"{name} has capabilities")
    check("no-new-privileges:true" in service.get("security_opt", []), f"{name} may gain privileges")
    check(not service.get("privileged"), f"{name} is privileged")
    check(service.get("networks") == ["canopy"], f"{name} is in another network")
    limits = service.get("deploy", {}).get("resources", {}).get("limits", {})
    check("memory" in limits and "pids" in limits, f"{name} has no limits")


def check_volumes(name, service, declared):
    for mount in service.get("volumes", []):
        source, target = interpolate(mount["source"]), mount["target"]
        if mount["type"] == "volume":
            check(source in declared, f"{name}: no volume {source}")
            folders = IMAGE_FOLDERS.get(service["image"].split(":")[0], set())
            if "build" in service:
                install = re.search(r"install --directory --owner=canopy .*", read("Dockerfile"))
                folders = set(install.group().split()) if install else set()
            check(target in folders, f"{name}: its image has no folder {target} of its user")
            continue
        check(mount.get("read_only") is True, f"{name} can write to {source}")
        if (name, source) == ("node-exporter", "/"):
            continue
        path = ROOT / source
        check(source.startswith("./") and path.is_dir(), f"{name}: no folder {source}")
        tracked = subprocess.run(
            ["git", "check-ignore", "--quiet", source], cwd=ROOT, stderr=subprocess.DEVNULL, check=False
        )
        check(tracked.returncode != 0, f"{name}: {source} is not part of the repository")
        for option in service.get("command", []):
            file = option.partition("=")[2]
            if file.startswith(f"{target}/"):
                check((path / file[len(target) + 1 :]).is_file(), f"{name}: no file {file}")


def check_ports(name, service):
    ports = service.get("ports", [])
    if name in PROFILES:
        check(not ports, f"{name} publishes {ports}")
        return
    port = SERVICES[name]
    expected = [] if name in UNPUBLISHED else [f"127.0.0.1:{port}:{port}"]
    check(ports == expected, f"{name} publishes {ports}")
    health = " ".join(service.get("healthcheck", {}).get("test", []))
    check(health, f"{name} has no health check")
    check(re.search(rf"127\.0\.0\.1[:/]{port}\b", health) or health == "CMD canopy probe", f"{name}: {health}")


def check_life(name, service):
    profile = [PROFILES[name]] if name in PROFILES else None
    check(service.get("profiles") == profile, f"{name} has the profiles {service.get('profiles')}")
    restart = "no" if name in TASKS else "unless-stopped"
    check(service.get("restart") == restart, f"{name} restarts {service.get('restart')}")
    for other in service.get("depends_on", {}):
        check(other in SERVICES, f"{name} depends on {other}, which there is not")


def check_training(services):
    """What `model` trains is what bike-api serves: the same file in the same volumes."""
    host, model = services["bike-api"], services["model"]
    variables = dockerfile_stages()[host["build"]["target"]][0]
    served = variables.get("CANOPY_MODEL")
    output = model["command"][model["command"].index("--output") + 1]
    check(output == served, f"model writes {output}, but bike-api serves {served}")
    mounted = {mount["target"]: mount for mount in host["volumes"]}
    writable = {mount["target"]: mount["source"] for mount in model["volumes"] if not mount.get("read_only")}
    for folder in (served.rpartition("/")[0], host["environment"]["CANOPY_MODELS"]):
        check(writable.get(folder) == mounted[folder]["source"], f"model and bike-api share no {folder}")
    folders = re.findall(r"\boutput=(\S+)/\$name", read("scripts/train.sh"))
    check(folders and set(folders) <= set(writable), f"scripts/train.sh writes to {folders}")


def check_origins(services):
    """No web page of another origin may read Prometheus, by which it would learn what runs here."""
    flag = "--web.cors.origin=none"
    check(flag in services["prometheus"]["command"], f"prometheus is not started with {flag}")
    check(flag in read("scripts/stack.sh"), f"scripts/stack.sh does not start prometheus with {flag}")


def check_toolchain():
    """The images are built with the toolchain of the repository."""
    channel = re.search(r'^channel = "(.*)"$', read("rust-toolchain.toml"), re.MULTILINE).group(1)
    image = re.search(r"^FROM rust:([\d.]+)-", read("Dockerfile"), re.MULTILINE).group(1)
    check(image == channel, f"the Dockerfile has Rust {image}, rust-toolchain.toml has {channel}")
    version = re.search(r'^rust-version = "(.*)"$', read("Cargo.toml"), re.MULTILINE).group(1)
    check(channel.startswith(f"{version}."), f"Cargo.toml asks for Rust {version}, not {channel}")
    check("rust-toolchain.toml" in read(".dockerignore").split(), "an image would get rust-toolchain.toml")


def check_addresses():
    """Hosts and ports that the configuration names are those of services; so are the native ones."""
    names = "|".join(SERVICES)
    files = [path for path in (ROOT / "deployment").rglob("*.yml") if "tests" not in path.parts]
    for path in [*files, ROOT / "docker-compose.yml"]:
        lines = (line for line in path.read_text().splitlines() if not line.lstrip().startswith("#"))
        for host, port in re.findall(r"\b([a-z][a-z-]*):(\d{4,5})\b", "\n".join(lines)):
            where = path.relative_to(ROOT)
            check(SERVICES.get(host) == int(port), f"{where} names {host}:{port}, which there is not")
    for script in ("scripts/render-stack.sh", "scripts/stack.sh"):
        text = read(script)
        pairs = re.findall(rf"\b({names}):(\d{{4}})\b", text) + re.findall(
            rf"^ *({names})\) port=(\d+)", text, re.MULTILINE
        )
        check(pairs, f"{script} has no ports")
        for name, port in pairs:
            check(SERVICES[name] == int(port), f"{script}: {name} listens on {port}")


if __name__ == "__main__":
    sys.exit(main())
