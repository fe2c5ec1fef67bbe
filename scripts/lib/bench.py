"""How fast kuke-ctr is, as ratios of two things measured side by side in one run."""

import argparse
import os
import pty
import py_compile
import resource
import shlex
import signal
import statistics
import subprocess  # noqa: TID251 (the scripts are no part of the package)
import sys
import tempfile
import threading
import time
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from functools import partial
from pathlib import Path

from scripts.lib import attach_rounds, bench_fleet, bench_nerdctl, kukeon, programs, venv
from scripts.lib.containerd import PrivateContainerd, temporary, unique
from scripts.lib.images import CONFIG, LAYER, MANIFEST, Archive, busybox, files
from scripts.lib.measuring import Argv, Took, measure, pairs

SMALLEST = Path(__file__).with_name("smallest.py")
NAMESPACE = "kukeon-bench"
BIG = "registry.example/team/big:1.0"
MIB = 1024 * 1024
LEAST_RATE = 0.9


@dataclass(frozen=True)
class Setting:
    """What every part needs to know."""

    kuke_ctr: Path
    rounds: int
    images: int
    rows: int
    mib: int
    suite: str
    scratch: Path
    containers: int
    nerdctls: tuple[str, ...]
    hosts: Sequence[int]

    @property
    def python(self) -> Path:
        """The interpreter that runs this kuke-ctr."""
        return self.kuke_ctr.with_name("python")


def _seconds(results: Sequence[Took]) -> float:
    return statistics.median(each.seconds for each in results)


def _ratio(results: Sequence[tuple[Took, Took]]) -> float:
    return statistics.median(a.seconds / b.seconds for a, b in results)


def _say(text: str, value: float, limit: float, unit: str = "") -> None:
    verdict = "ok" if value <= limit else "OVER"
    print(f"  {text}: {value:.2f}{unit} (at most {limit:.2f}{unit}: {verdict})", flush=True)


@contextmanager
def _host(setting: Setting, images: int) -> Iterator[tuple[PrivateContainerd, dict[str, str]]]:
    """A daemon whose realm `bench` has so many images, and the environment that leads there."""
    with temporary(programs.ensure(setting.suite)) as daemon:
        archive = Archive()
        names = [f"registry.example/team/app-{number:05}:1.0" for number in range(images)]
        archive.name(busybox(archive, daemon.programs / "busybox"), *names)
        file = archive.write(daemon.base / "images.tar")
        begin = time.perf_counter()
        words = ("images", "import", "--no-unpack", str(file))
        daemon.ctr(*words, namespace=NAMESPACE, timeout=900)
        print(f"  containerd {daemon.version}, {images} images", end="")
        print(f" (imported in {time.perf_counter() - begin:.0f} s)", flush=True)
        kukeon.write_record(daemon.base / "run", "bench", NAMESPACE)
        yield (
            daemon,
            {
                **daemon.environment,
                "CONTAINERD_ADDRESS": daemon.address,
                "KUKEON_RUN_PATH": str(daemon.base / "run"),
            },
        )


def start(setting: Setting) -> None:
    """(a) One image as JSON, against the smallest program with the same packages."""
    with _host(setting, 1) as (daemon, environment):
        ours: Argv = [setting.kuke_ctr, "images", "ls", "--realm", "bench", "-o", "json"]
        place = ["-a", daemon.address, "-n", NAMESPACE]
        # compiled, as an installed package is: a script would be compiled at each start
        compiled = py_compile.compile(
            str(SMALLEST), str(setting.scratch / "smallest.pyc"), "", True
        )
        smallest: Argv = [setting.python, str(compiled), *place]
        results = pairs(
            setting.rounds,
            partial(measure, ours, environment),
            partial(measure, smallest, environment),
        )
    print(f"  kuke-ctr {_seconds([a for a, _ in results]) * 1000:.0f} ms, ", end="")
    print(f"smallest program {_seconds([b for _, b in results]) * 1000:.0f} ms")
    _say("ratio", _ratio(results), 0.85)


def lists(setting: Setting) -> None:
    """(b) Many images, against raw ctr: as JSON, as the table, and with one processor."""
    with _host(setting, setting.images) as (daemon, environment):
        raw: Argv = [daemon.programs / "ctr", "-a", daemon.address, "-n", NAMESPACE, "images", "ls"]
        # of a list that is as long as this one, the shards are read side by side
        least = 0.7 if len(os.sched_getaffinity(0)) > 1 else 1.05
        one = ("taskset", "-c", str(min(os.sched_getaffinity(0))))
        for output, words, most in (("json", (), least), ("table", (), least), ("json", one, 1.05)):
            ours: Argv = [setting.kuke_ctr, "images", "ls", "--realm", "bench", "-o", output]
            results = pairs(
                max(1, setting.rounds // 5),
                partial(measure, [*words, *ours], environment),
                partial(measure, [*words, *raw], environment),
            )
            what = f"-o {output}" + (", one processor" if words else "")
            print(f"  {what}: kuke-ctr {_seconds([a for a, _ in results]):.2f} s, ", end="")
            print(f"raw ctr {_seconds([b for _, b in results]):.2f} s")
            _say(f"{what}, ratio", _ratio(results), most)
            _say(f"{what}, peak", max(a.peak for a, _ in results) / MIB, 150, " MiB")


def parse(setting: Setting) -> None:
    """(c) `kuke-ctr parse images` of a long table, as JSON lines."""
    table = setting.scratch / "images.txt"
    _write_table(table, setting.rows)
    took = measure([setting.kuke_ctr, "parse", "images", table, "-o", "jsonl"], dict(os.environ))
    print(
        f"  {setting.rows} rows, {table.stat().st_size / MIB:.0f} MiB: {took.seconds:.1f} s, ",
        end="",
    )
    print(f"{setting.rows / took.seconds:.0f} rows a second, peak {took.peak / MIB:.0f} MiB")
    table.unlink()


def _write_table(path: Path, rows: int) -> None:
    """What ctr prints for so many images: columns as wide as their widest cell."""
    kind = "application/vnd.oci.image.manifest.v1+json"
    with path.open("w") as file:
        heads = ("REF", "TYPE", "DIGEST", "SIZE", "PLATFORMS", "LABELS")
        widths = (42, len(kind) + 1, 72, 11, 27, 32)
        line = "".join(f"{{:{width}}}" for width in widths) + "\n"
        file.write(line.format(*heads))
        for number in range(rows):
            cells = (
                f"registry.example/team/app-{number:07}:1.0",
                kind,
                f"sha256:{number:064x}",
                f"{number % 1000 + 0.5} MiB",
                "linux/amd64,linux/arm64/v8" if number % 2 else "linux/amd64",
                "io.cri-containerd.image=managed" if number % 3 else "-",
            )
            file.write(line.format(*cells))


def down(setting: Setting) -> None:
    """(d) No daemon: the time to the error, against `kuke-ctr --help`."""
    gone = {**os.environ, "CONTAINERD_ADDRESS": str(setting.scratch / "gone.sock")}
    environment = {**gone, "PATH": programs.search_path(programs.ensure(setting.suite))}
    results = pairs(
        setting.rounds,
        partial(measure, [setting.kuke_ctr, "images", "ls", "-n", "x"], environment, expect=1),
        partial(measure, [setting.kuke_ctr, "--help"], environment),
    )
    print(f"  to the error {_seconds([a for a, _ in results]) * 1000:.0f} ms, ", end="")
    print(f"--help {_seconds([b for _, b in results]) * 1000:.0f} ms")
    more = statistics.median(a.seconds - b.seconds for a, b in results)
    _say("more than --help", more, 0.3, " s")


def attach(setting: Setting) -> None:
    """(e) The output of a task that floods, against raw `ctr tasks attach`: bytes a second."""
    with temporary(programs.ensure(setting.suite)) as daemon:
        attach_rounds.provide_image(daemon)
        environment = {**daemon.environment, "CONTAINERD_ADDRESS": daemon.address}
        print(f"  containerd {daemon.version}")
        for kind, size in (("none", 128 * MIB), ("terminal", 16 * MIB)):
            with attach_rounds.task(daemon, kind, "flooding") as task:
                place = ("--namespace", attach_rounds.NAMESPACE)
                ours: Argv = [setting.kuke_ctr, "attach", "-q", *place, task.container]
                raw: Argv = [daemon.programs / "ctr", *place, "tasks", "attach", task.container]
                results = pairs(
                    setting.rounds,
                    partial(_flood, ours, environment, kind, size),
                    partial(_flood, raw, environment, kind, size),
                )
            rates = [size / MIB / _seconds([pair[which] for pair in results]) for which in (0, 1)]
            what = "with a terminal" if kind == "terminal" else "without a terminal"
            print(f"  {what}: kuke-ctr {rates[0]:.0f} MiB/s, raw ctr {rates[1]:.0f} MiB/s")
            ratio = statistics.median(b.seconds / a.seconds for a, b in results)
            verdict = "ok" if ratio >= LEAST_RATE else "UNDER"
            print(
                f"  {what}, ratio: {ratio:.2f} (at least {LEAST_RATE:.2f}: {verdict})", flush=True
            )


def _flood(argv: Argv, environment: Mapping[str, str], kind: str, size: int) -> Took:
    """How long so many bytes take, from the first one on, to a reader on a pipe or a terminal."""
    reader, writer = pty.openpty() if kind == "terminal" else os.pipe()
    given = writer if kind == "terminal" else subprocess.DEVNULL
    child = subprocess.Popen(
        argv,
        stdin=given,
        stdout=writer,
        stderr=subprocess.DEVNULL,
        env=environment,
        start_new_session=True,
    )
    os.close(writer)
    rest = size - len(os.read(reader, 1))
    begin = time.perf_counter()
    while rest > 0:
        rest -= len(os.read(reader, 1 << 20))
    seconds = time.perf_counter() - begin
    child.kill()  # no client forwards that to the workload
    child.wait()
    os.close(reader)
    return Took(seconds, 0)


def transfer(setting: Setting) -> None:
    """(f) The import of a big archive, from a file and from a pipe, against raw ctr."""
    with _host(setting, 1) as (daemon, environment):
        big, small = daemon.base / "big.tar", daemon.base / "small.tar"
        _write_archive(big, setting.mib * MIB)
        _write_archive(small, 1)
        ctr = (daemon.programs / "ctr", "-a", daemon.address, "-n", NAMESPACE)

        def take(*words: str | Path) -> Took:
            took = measure(words, environment)
            # what is there is not written again
            daemon.ctr("images", "rm", "--sync", BIG, namespace=NAMESPACE, timeout=300)
            return took

        kuke_ctr = (setting.kuke_ctr, "images", "import", "--realm", "bench", "--no-unpack")
        least = take(*kuke_ctr, small).peak
        raw = partial(take, *ctr, "images", "import", "--no-unpack", big)
        piped = ("sh", "-c", f"exec {shlex.join(map(str, kuke_ctr))} - < {big}")
        for name, ours in (("file", (*kuke_ctr, big)), ("pipe", piped)):
            results = pairs(max(1, setting.rounds // 5), partial(take, *ours), raw)
            print(f"  {setting.mib} MiB from a {name}: ", end="")
            print(f"kuke-ctr {_seconds([a for a, _ in results]):.2f} s, ", end="")
            print(f"raw ctr {_seconds([b for _, b in results]):.2f} s")
            _say(f"{name}, ratio", _ratio(results), 1.05)
            more = max(a.peak for a, _ in results) - least
            _say(f"{name}, more memory than for a small one", more / MIB, 40, " MiB")


def _write_archive(path: Path, size: int) -> None:
    """An archive with one image, whose one layer has so many bytes that can't be packed."""
    archive = Archive()
    config = archive.document({"rootfs": {"type": "layers", "diff_ids": []}}, CONFIG)
    layer = archive.blob(os.urandom(size), LAYER)
    manifest = {"schemaVersion": 2, "mediaType": MANIFEST, "config": config, "layers": [layer]}
    archive.name(archive.document(manifest, MANIFEST), BIG)
    archive.write(path)


COPY_MIB = (10, 100, 1024, 2048)


def copy(setting: Setting) -> None:
    """(g) `images copy` of images from 10 MiB to 2 GiB, against `ctr export | ctr import`."""
    with _host(setting, 1) as (daemon, environment):
        ctr = (str(daemon.programs / "ctr"), "-a", daemon.address)
        local = () if daemon.version.startswith("1.6") else ("--local",)
        out_local = local if daemon.version.startswith("2") else ()
        export = shlex.join((*ctr, "-n", NAMESPACE, "images", "export", *out_local, "-", BIG))
        took: dict[int, float] = {}
        for mib in COPY_MIB:
            archive = daemon.base / "copied.tar"
            _write_archive(archive, mib * MIB)
            daemon.ctr(
                *("images", "import", "--no-unpack", *local, str(archive)),
                namespace=NAMESPACE,
                timeout=900,
            )
            archive.unlink()
            before = _used(daemon)

            def ours() -> Took:
                target = unique("copy")
                place = ("--from", "bench", "--to-namespace", target, "--no-fallback")
                return measure([setting.kuke_ctr, "images", "copy", BIG, *place], environment)

            def raw() -> Took:
                words = (*ctr, "-n", unique("pipe"), "images", "import", *local, "--no-unpack", "-")
                return measure(["sh", "-c", f"{export} | {shlex.join(words)}"], environment)

            results = pairs(max(1, setting.rounds // 5), ours, raw)
            took[mib] = _seconds([a for a, _ in results])
            print(f"  {mib} MiB: kuke-ctr {took[mib]:.2f} s, ", end="")
            print(f"export | import {_seconds([b for _, b in results]):.1f} s, ", end="")
            faster = statistics.median(b.seconds / a.seconds for a, b in results)
            print(f"{faster:.1f} times as fast, disk +{(_used(daemon) - before) / MIB:.1f} MiB")
            daemon.ctr("images", "rm", "--sync", BIG, namespace=NAMESPACE, timeout=300)
        _say("slowest to fastest", max(took.values()) / min(took.values()), 2.0)


def _used(daemon: PrivateContainerd) -> int:
    """The bytes of the content store on the disk."""
    store = daemon.base / "root" / "io.containerd.content.v1.content"
    return sum(path.stat().st_blocks * 512 for path in store.rglob("*") if path.is_file())


def tab(setting: Setting) -> None:
    """(i) TAB behind `images rm`, against `import typer` and the one call of ctr it needs."""
    with _host(setting, 20) as (daemon, environment):
        line = "kuke-ctr images rm --realm bench registry.example/team/app-0001"
        asking = {**environment, "_KUKE_CTR_COMPLETE": "bash"}
        ours: Argv = [setting.kuke_ctr, line, line.rpartition(" ")[2]]
        typer: Argv = [setting.python, "-c", "import typer"]
        raw: Argv = [daemon.programs / "ctr", "-a", daemon.address, "-n", NAMESPACE]

        def least() -> Took:
            parts = measure(typer, environment), measure([*raw, "images", "ls", "-q"], environment)
            return Took(sum(part.seconds for part in parts), parts[0].peak)

        results = pairs(setting.rounds, partial(measure, ours, asking), least)
    print(f"  kuke-ctr {_seconds([a for a, _ in results]) * 1000:.0f} ms, ", end="")
    print(f"import typer and ctr {_seconds([b for _, b in results]) * 1000:.0f} ms")
    _say("ratio", _ratio(results), 1.5)


REALMS, EACH = 10, 50


def doctor(setting: Setting) -> None:
    """(h) `doctor` of a host with 10 realms and 500 images, against one short list."""
    with _host(setting, 1) as (daemon, environment):
        run_path = daemon.base / "healthy"
        for number in range(REALMS):
            archive = Archive()
            for each in range(EACH):
                layer = files({"name": f"{number}-{each}".encode()})
                archive.name(archive.manifest([layer]), f"registry.example/app-{each}:1.{number}")
            namespace = f"kukeon-realm-{number}"
            file = archive.write(daemon.base / "realm.tar")
            daemon.import_image(file, "--snapshotter", daemon.snapshotter, namespace=namespace)
            kukeon.write_record(run_path, f"realm-{number}", namespace)
        healthy = {**environment, "KUKEON_RUN_PATH": str(run_path)}
        results = pairs(
            setting.rounds,
            partial(measure, [setting.kuke_ctr, "doctor"], healthy),
            partial(measure, [setting.kuke_ctr, "images", "ls", "-r", "bench"], environment),
        )
    print(f"  images ls of one image {_seconds([b for _, b in results]) * 1000:.0f} ms, ", end="")
    print(f"ratio {_ratio(results):.1f}")
    _say("doctor", _seconds([a for a, _ in results]), 2.0, " s")


def ps(setting: Setting) -> None:
    """(j) `ps` of many containers, against its two calls of ctr side by side."""
    with _host(setting, 1) as (daemon, environment):
        daemon.import_image(daemon.base / "images.tar", namespace="default")
        _run_containers(daemon, setting.containers)

        def ours(namespace: str) -> Took:
            return measure([setting.kuke_ctr, "ps", "-n", namespace], environment)

        def raw(namespace: str) -> Took:
            ctr = (str(daemon.programs / "ctr"), "-n", namespace)
            lists = [shlex.join((*ctr, noun, "ls")) for noun in ("containers", "tasks")]
            return measure(["sh", "-c", f"{lists[0]} & {lists[1]}; wait"], environment)

        # beside an empty namespace: what is left of a start is the work for the containers
        of_ours = pairs(setting.rounds, partial(ours, NAMESPACE), partial(ours, "default"))
        of_raw = pairs(setting.rounds, partial(raw, NAMESPACE), partial(raw, "default"))
        more = statistics.median(full.seconds - empty.seconds for full, empty in of_ours)
        nothing = _seconds([empty for _, empty in of_raw])
        both = _seconds([full for full, _ in of_raw])
        print(f"  raw ctr, both calls side by side: {both * 1000:.0f} ms; kuke-ctr ", end="")
        print(f"{_seconds([full for full, _ in of_ours]) * 1000:.0f} ms, which is ", end="")
        print(f"{more * 1000:.0f} ms more than for an empty namespace")
        _say("ratio without the start", (more + nothing) / both, 1.2)


def _run_containers(daemon: PrivateContainerd, count: int) -> None:
    daemon.import_image(daemon.base / "images.tar", namespace=NAMESPACE)
    for number in range(count):
        daemon.run(
            "registry.example/team/app-00000:1.0",
            *("sleep", "86400"),
            namespace=NAMESPACE,
            container=unique(f"default_default_cell{number:04}_app"),
            flags=("--null-io",),
        )
    print(f"  {count} running containers", flush=True)


WATCHED, WATCH_SECONDS = 50, 30.0


def stats(setting: Setting) -> None:
    """(k) The processors that `stats` of 50 containers uses, its ctrs included."""
    with _host(setting, 1) as (daemon, environment):
        _run_containers(daemon, WATCHED)
        argv: Argv = [setting.kuke_ctr, "stats", "-n", NAMESPACE]
        for kind in ("pipe", "terminal"):
            used, printed = _processors(argv, environment, kind)
            if kind == "pipe":
                print(f"  {printed / WATCHED:.0f} looks in {WATCH_SECONDS:.0f} s")
            _say(f"{'on a terminal' if kind == 'terminal' else 'in a pipe'}, processors", used, 0.5)


def _processors(argv: Argv, environment: Mapping[str, str], kind: str) -> tuple[float, int]:
    """Processor time a second of a command that runs until Ctrl-C; how many lines it printed."""
    reader, writer = pty.openpty() if kind == "terminal" else os.pipe()
    child = subprocess.Popen(
        argv,
        stdin=writer if kind == "terminal" else subprocess.DEVNULL,
        stdout=writer,
        stderr=subprocess.DEVNULL,
        env={**environment, "TERM": "xterm"},
        start_new_session=True,
    )
    os.close(writer)
    before = resource.getrusage(resource.RUSAGE_CHILDREN)
    begin = time.perf_counter()
    interrupt = threading.Timer(WATCH_SECONDS, child.send_signal, [signal.SIGINT])
    interrupt.start()
    printed = 0
    with suppress(OSError):  # a terminal that nobody has open any more
        while piece := os.read(reader, 1 << 16):
            printed += piece.count(b"\n")
    child.wait()
    seconds = time.perf_counter() - begin
    os.close(reader)
    after = resource.getrusage(resource.RUSAGE_CHILDREN)
    used = after.ru_utime + after.ru_stime - before.ru_utime - before.ru_stime
    return used / seconds, printed


def nerdctl(setting: Setting) -> None:
    """(l) `images ls` and `ps` on ctr, against `nerdctl images` and `ps`, where there is one."""
    nerdctls = bench_nerdctl.found(setting.nerdctls)
    if not nerdctls:
        print("  not measured: no nerdctl on PATH, and neither --nerdctl nor KUKE_CTR_NERDCTL")
        return
    rounds = max(1, setting.rounds // 3)
    bench_nerdctl.compare(setting.kuke_ctr, nerdctls, rounds, setting.suite)


IMAGES_OF_A_HOST, FANOUT = 20, 64


def fleet(setting: Setting) -> None:
    """(m) `--hosts` of many hosts that answer after 0.1 s, against the least that this can take."""
    table = setting.scratch / "fleet.txt"
    _write_table(table, IMAGES_OF_A_HOST)
    path = bench_fleet.stand_in(setting.scratch, table, delay := 0.1)
    for hosts in setting.hosts:
        for output in ("jsonl", "table"):
            grown = bench_fleet.grow(setting.kuke_ctr, path, hosts, FANOUT, output)
            print(f"  {hosts} hosts, -o {output}: {grown.seconds:.1f} s, ", end="")
            print(
                f"first row after {grown.first_row:.1f} s, peak {grown.peak / MIB:.0f} MiB, ",
                end="",
            )
            print(f"{grown.clients} ssh at once", flush=True)
            # four calls a host, two of them side by side
            least = max(3 * delay, 4 * delay * hosts / FANOUT)
            more = (grown.seconds - least) / hosts * 1000
            _say("more than the delays, for each host", more, 40, " ms")


PARTS = {
    "start": start,
    "lists": lists,
    "parse": parse,
    "down": down,
    "attach": attach,
    "transfer": transfer,
    "copy": copy,
    "doctor": doctor,
    "tab": tab,
    "ps": ps,
    "nerdctl": nerdctl,
    "stats": stats,
    "fleet": fleet,
}


def main() -> int:
    """Measure kuke-ctr; nothing fails for being slow."""
    parser = argparse.ArgumentParser(
        prog="scripts/bench",
        description="Prints ratios of two things that were measured side by side, in pairs. "
        "All but parse and down need root (a private containerd).",
        epilog="; ".join(f"{name}: {part.__doc__}" for name, part in PARTS.items()),
    )
    parser.add_argument("parts", nargs="*", metavar="PART", help=f"all of {' '.join(PARTS)}")
    parser.add_argument("--kuke-ctr", type=Path, help="default: the one in .venv")
    parser.add_argument(
        "--rounds", type=int, default=15, help="pairs; lists, transfer, copy a fifth (15)"
    )
    parser.add_argument("--images", type=int, default=10_000, help="for lists (10000)")
    parser.add_argument("--rows", type=int, default=1_000_000, help="for parse (1000000)")
    parser.add_argument("--mib", type=int, default=1024, help="for transfer (1024)")
    parser.add_argument("--containers", type=int, default=500, help="for ps (500)")
    parser.add_argument(
        "--nerdctl", action="append", default=[], metavar="PATH", help="for nerdctl; repeatable"
    )
    parser.add_argument(
        "--hosts", type=int, nargs="+", default=(100, 1000), help="for fleet (100 1000)"
    )
    parser.add_argument("--suite", default=programs.NATIVE, help="containerd of that suite")
    given = parser.parse_args()
    for part in given.parts:
        if part not in PARTS:
            parser.error(f"{part}: not one of {' '.join(PARTS)}")
    kuke_ctr = given.kuke_ctr or venv.ensure("fleet") / "kuke-ctr"
    memory = os.sysconf("SC_PAGE_SIZE") * os.sysconf("SC_PHYS_PAGES") / MIB / 1024
    load = os.getloadavg()[0]
    print(f"{os.cpu_count()} cores, {memory:.0f} GiB, Python {sys.version.split()[0]}, ", end="")
    print(f"load {load:.1f}" + (" (too busy for figures that count)" if load > 1 else ""))
    with tempfile.TemporaryDirectory(prefix="kuke-bench-") as scratch:
        setting = Setting(
            kuke_ctr,
            given.rounds,
            given.images,
            given.rows,
            given.mib,
            given.suite,
            Path(scratch),
            given.containers,
            tuple(given.nerdctl),
            given.hosts,
        )
        for name in given.parts or PARTS:
            print(f"{name}: {PARTS[name].__doc__}", flush=True)
            PARTS[name](setting)
    return 0


if __name__ == "__main__":
    sys.exit(main())
