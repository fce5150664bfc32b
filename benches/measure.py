"""Times rushes beside other tools and prints tables in Markdown. Started by benches/run.sh, which sets RUSHES_BIN and SCAN_BIN."""

import datetime
import json
import os
import re
import shutil
import signal
import statistics
import subprocess
import sys
import tempfile
import time
from pathlib import Path

BIN = os.environ["RUSHES_BIN"]
SCAN = os.environ.get("SCAN_BIN", "")
HERE = Path(__file__).resolve().parent.parent
GIB = int(os.environ.get("BENCH_GIB", "4"))
FILES = int(os.environ.get("BENCH_FILES", "200000"))
DROPS = int(os.environ.get("BENCH_DROPS", "200"))
RUNS = int(os.environ.get("BENCH_RUNS", "5"))
ROOT = os.geteuid() == 0


def text_of(*command):
    try:
        return subprocess.run(command, capture_output=True, text=True).stdout.strip()
    except OSError:
        return ""


def have(tool):
    return shutil.which(tool) is not None


def once(command, ok=(0,)):
    """Seconds of one run, output thrown away."""
    begun = time.perf_counter()
    done = subprocess.run(command, stdin=subprocess.DEVNULL, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
    took = time.perf_counter() - begun
    if done.returncode not in ok:
        raise SystemExit(f"{' '.join(map(str, command[:4]))} ended with status {done.returncode}")
    return took


def medians(commands, before=lambda: None, runs=RUNS):
    """The median of each command; the runs alternate, so that a slow minute hits all alike."""
    times = [[] for _ in commands]
    for _ in range(runs):
        for kept, (command, ok) in zip(times, commands):
            before()
            kept.append(once(command, ok))
    return [statistics.median(t) for t in times]


def show(seconds):
    return f"{seconds * 1000:.0f} ms" if seconds < 10 else f"{seconds:.1f} s"


def table(title, head, rows):
    print(f"\n### {title}\n\n| " + " | ".join(head) + " |\n|" + "---|" * len(head))
    for row in rows:
        print("| " + " | ".join(row) + " |")
    sys.stdout.flush()


def machine(work):
    lines = Path("/proc/cpuinfo").read_text().splitlines()
    cpu = next((l.split(":", 1)[1].strip() for l in lines if l.startswith("model name")), "unknown CPU")
    memory = int(re.search(r"MemTotal:\s+(\d+)", Path("/proc/meminfo").read_text())[1]) >> 20
    kind = text_of("findmnt", "-n", "-o", "FSTYPE", "-T", str(work))
    load = os.getloadavg()[0]
    print(f"{cpu}, {os.cpu_count()} cores, {memory} GiB, {kind}, Linux {os.uname().release}, load {load:.1f} at the start")
    print(f"{text_of(BIN, '--version')}, {datetime.date.today()}, medians of {RUNS} alternating runs unless said otherwise")


# ---- readiness to job start

def sound(n):
    """A small sound file; every one differs."""
    one = Path(tempfile.gettempdir()) / f"rushes-bench-{os.getpid()}.wav"
    if not one.exists():
        subprocess.run([HERE / "tests/make_bwf.sh", one, "480"], check=True)
    data = bytearray(one.read_bytes())
    data[-4:] = n.to_bytes(4, "little")
    return bytes(data)


def latency(work):
    quiet = 1.0
    rows = []
    for name, pause in (("all at once", 0.0), ("one every 100 ms", 0.1)):
        dir = work / f"latency{pause}"
        hot = dir / "hot"
        for d in ("hot", "out", "state"):
            (dir / d).mkdir(parents=True)
        (dir / "rushes.toml").write_text(
            f'[service]\nstate_dir = "{dir}/state"\ncontrol = "{dir}/s"\nlog = "debug"\n[show.b]\n[[folder]]\nname = "b"\nshow = "b"\n'
            f'kind = "sound"\npath = "{hot}"\noutput = "{dir}/out"\nquiet = "{int(quiet)}s"\n')
        sounds = [sound(n) for n in range(DROPS)]
        log = dir / "log"
        with open(log, "w") as err:
            daemon = subprocess.Popen([BIN, "run", "--config", dir / "rushes.toml"], stderr=err, stdout=err)
        try:
            wait(log, "daemon-ready", 1, 20)
            for n, data in enumerate(sounds):
                (hot / f"S{n:04}_x.wav").write_bytes(data)
                time.sleep(pause)
            wait(log, "job-finished", DROPS, 120)
        finally:
            daemon.send_signal(signal.SIGTERM)
            daemon.wait(20)
        seen = {"unit-ready": {}, "job-started": {}}
        for line in log.read_text().splitlines():
            m = re.match(r"(\S+)Z DEBUG (unit-ready|job-started): .*?(S\d{4}_x)", line)
            if m:
                at = datetime.datetime.fromisoformat(m[1]).replace(tzinfo=datetime.timezone.utc).timestamp()
                seen[m[2]].setdefault(m[3], at)
        due = {p.stem: p.stat().st_mtime + quiet for p in hot.iterdir()}
        for event, words in (("unit-ready", "read and fingerprinted"), ("job-started", "its job starts")):
            late = sorted(at - due[clip] for clip, at in seen[event].items())
            if len(late) != DROPS:
                raise SystemExit(f"{len(late)} of {DROPS} {event} lines in {log}")
            rows.append([f"{name}: until {words}", show(statistics.median(late)), show(late[-1])])
    table(f"After the quiet time of 1 s has passed, {DROPS} sound files", ["", "median", "slowest"], rows)
    print("\nFrom the file's mtime + 1 s to the time of the log lines `unit-ready` and `job-started` (both in ms; mtimes are 4 ms coarse).")
    print("Between the two lies the reading of metadata in a worker process per file. No other tool does the same, so none is beside it.")


def wait(log, word, count, seconds):
    end = time.time() + seconds
    while time.time() < end:
        if log.read_text().count(f" {word}: ") >= count:
            return
        time.sleep(0.1)
    raise SystemExit(f"no {count} lines {word} in {log} after {seconds} s")


# ---- hashes

def hashes(work):
    big = work / "big"
    block = os.urandom(64 << 20)
    with open(big, "wb") as f:
        for n in range(GIB * 16):
            f.write(n.to_bytes(8, "little") + block[8:])
        f.flush()
        os.fsync(f.fileno())

    def warm():
        with open(big, "rb") as f:
            while f.read(16 << 20):
                pass

    def cold():
        os.sync()
        Path("/proc/sys/vm/drop_caches").write_text("3")

    peers = [("xxh128", ["xxhsum", "-H2"]), ("xxh64", ["xxhsum", "-H1"]), ("md5", ["md5sum"]), ("sha1", ["sha1sum"]),
             ("sha256", ["sha256sum"]), ("blake3", ["b3sum"]), ("blake3", ["b3sum", "--num-threads", "1"])]
    rows = []
    states = [("in memory", warm)] + ([("from disk", cold)] if ROOT else [])
    for state, before in states:
        for kind, peer in peers:
            if state == "from disk" and kind != "xxh128":
                continue
            if not have(peer[0]):
                rows.append([kind, state, "", f"{peer[0]} is not installed", ""])
                continue
            ours, theirs = medians([([BIN, "hash", "--kind", kind, big], (0,)), ([*peer, big], (0,))], before, min(RUNS, 3))
            speed = GIB * 1.073741824
            rows.append([kind, state, f"{show(ours)} ({speed / ours:.2f} GB/s)",
                         f"{show(theirs)} ({speed / theirs:.2f} GB/s), `{' '.join(peer)}`", f"{ours / theirs:.2f}"])
    table(f"`rushes hash --kind KIND` of one file of {GIB} GiB", ["kind", "file", "rushes", "other", "ratio"], rows)
    print("\nMedians of 3. rushes computes XXH3-128 besides the kind that is asked for, and gives the page cache of what it read back;")
    print("the file is brought back into memory before each run of either." + ("" if ROOT else " From disk: skipped, not root."))
    big.unlink()


# ---- scan

def scan(work):
    tree = work / "tree"
    folders = 2000
    each = max(FILES // folders, 1)
    for d in range(folders):
        folder = tree / f"A{d // 20:03}" / f"CLIPS{d % 20:02}"
        folder.mkdir(parents=True)
        for f in range(each):
            (folder / f"C{d:04}{f:03}.mov").touch()
    find = ["find", tree, "-type", "f", "-printf", "%i %s %T@ %C@ %p\\n"]
    rows = []

    def cold():
        os.sync()
        Path("/proc/sys/vm/drop_caches").write_text("3")

    for state, before in [("in memory", lambda: None)] + ([("from disk", cold)] if ROOT else []):
        once(find)
        ours, theirs = medians([([SCAN, tree], (0,)), (find, (0,))], before, min(RUNS, 3) if state == "from disk" else RUNS)
        rows.append([state, show(ours), f"{show(theirs)}, `find -printf`", f"{ours / theirs:.2f}"])
    table(f"One sweep of {each * folders} files in {folders} folders", ["inodes", "rushes", "other", "ratio"], rows)
    print("\nrushes here is `watch::list_once`: every file by getdents and statx, grouped into clips and sorted; `find` prints the same facts.")
    shutil.rmtree(tree)


# ---- inspect

def inspect(work):
    demo = work / "demo"
    once([BIN, "demo", "--dir", demo], (0, 3))
    kinds = []
    for title, glob in (("DPX", "*.dpx"), ("WAV", "*.wav"), ("MOV", "*.mov")):
        first = min((p for p in demo.rglob(glob)), default=None)
        if first is None:
            print(f"\nskipped: the demo made no {title} (no ffmpeg?)")
            continue
        folder = work / title
        folder.mkdir()
        many = []
        for n in range(100):
            many.append(folder / f"F{n:03}_x{first.suffix}")
            shutil.copy(first, many[-1])
        kinds += [(f"{title}, 1 file", many[:1]), (f"{title}, 100 files", many)]
    data = os.environ.get("RUSHES_DATA")
    if data and Path(data).is_dir():
        ends = {".dpx", ".wav", ".mov", ".mp4"}
        real = sorted(p for p in Path(data).rglob("*") if p.is_file() and p.suffix.lower() in ends)[:100]
        if real:
            kinds.append((f"real camera files, {len(real)}", real))
        ends |= {".mxf", ".exr", ".jp2", ".j2c", ".ari", ".r3d", ".tif", ".tiff", ".dng", ".avi", ".ts", ".cin", ".3gp", ".cr2", ".cr3"}
        small = sorted(p for p in Path(data).rglob("*") if p.is_file() and p.suffix.lower() in ends and p.stat().st_size < 400_000)
        if small:
            folder = work / "mixed"
            folder.mkdir()
            mixed = []
            for n in range(1000):
                source = small[n % len(small)]
                mixed.append(folder / f"{n // 100:02}_{n:04}x{source.suffix}")
                shutil.copy(source, mixed[-1])
            kinds.append(("small files of all kinds, 1000", mixed))
    tools = [("exiftool", ["exiftool", "-j"]), ("mediainfo", ["mediainfo", "--Output=JSON"]),
             ("ffprobe", ["ffprobe", "-v", "quiet", "-print_format", "json", "-show_format", "-show_streams"])]
    rows = []
    for title, files in kinds:
        out = subprocess.run([BIN, "inspect", "--json", *files], capture_output=True, text=True).stdout
        docs = [json.loads(l) for l in out.splitlines()]
        unknown = sum(d["format"]["id"] == "unknown" for d in docs)
        usable = [(n, c) for n, c in tools if have(n) and (n != "ffprobe" or len(files) == 1)]
        ours, *theirs = medians([([BIN, "inspect", "--json", *files], (0, 3))] + [([*c, *files], (0, 1)) for _, c in usable])
        note = f" ({unknown} not read: unknown format)" if unknown else ""
        rows.append([title + note, show(ours)] + [f"{show(t)} ({ours / t:.2f})" for t in theirs] + [""] * (3 - len(theirs)))
    table("`rushes inspect --json` beside others; in brackets the ratio rushes : other",
          ["", "rushes", *[n if have(n) else f"{n} (not installed)" for n, _ in tools]], rows)
    print("\nrushes reads many clips of few files in one locked-in worker process, at least one for each thread; the others read everything in one process. ffprobe takes one file.")


# ---- plates

def plates(work):
    """CPU seconds for each frame of the plate job: 4096x2160 10-bit DPX to 2048x1080 half OpenEXR, ZIP, start-up included."""
    if not have("oiiotool"):
        print("\nplates: skipped, oiiotool is not installed (it makes the frames)")
        return
    frames, few = 10, 3
    source = work / "src"
    source.mkdir()
    first = source / "F.1001.dpx"
    subprocess.run(["oiiotool", "--pattern", "noise:type=uniform:min=0.1:max=0.8", "4096x2160", "3", "-d", "uint10", "-o", first], check=True)
    for n in range(1002, 1001 + frames):
        (source / f"F.{n}.dpx").write_bytes(first.read_bytes())
    config = work / "rushes.toml"
    config.write_text(f"""[service]
state_dir = "{work}/state"
control = "{work}/c.sock"
[show.s]
[[folder]]
name = "o"
show = "s"
path = "{source}"
output = "{work}/out"
[[folder.rule]]
name = "r"
emit = ["half"]
[recipe.half]
kind = "plate"
fit = {{ width = 2048, height = 1080 }}
""")

    def cpu(command):
        before = os.times()
        subprocess.run([str(c) for c in command], check=True, stdout=subprocess.DEVNULL)
        after = os.times()
        return after.children_user + after.children_system - before.children_user - before.children_system

    ours, theirs, scaled = [], [], []
    for run in range(3):
        ours.append(cpu([BIN, "--config", config, "render", source, "--recipe", "half", "--source", "logc3", "-o", work / f"out{run}"]) / frames)
        theirs.append(sum(cpu(["oiiotool", source / f"F.{1001 + n}.dpx", "--resize:filter=lanczos3", "2048x1080", "-d", "half",
                               "--compression", "zip", "-o", work / "peer.exr"]) for n in range(few)) / few)
        if have("ffmpeg"):
            scaled.append(cpu(["ffmpeg", "-nostdin", "-v", "error", "-y", "-start_number", "1001", "-i", source / "F.%04d.dpx",
                               "-vf", "zscale=w=2048:h=1080:f=lanczos", "-c:v", "exr", "-format", "half", "-compression", "zip16",
                               work / "ff.%04d.exr"]) / frames)
    middle = lambda list: sorted(list)[len(list) // 2]
    rows = [["rushes: LogC3 to ACES2065-1, Lanczos-3, read back and hashed", f"{middle(ours):.3f}", ""],
            ["oiiotool: Lanczos-3 alone, no colour", f"{middle(theirs):.3f}", f"{middle(ours) / middle(theirs):.2f}"]]
    if scaled:
        rows.append(["ffmpeg: Lanczos alone, no colour", f"{middle(scaled):.3f}", f"{middle(ours) / middle(scaled):.2f}"])
    table("A plate: 4096x2160 10-bit DPX to 2048x1080 half OpenEXR, ZIP", ["", "CPU seconds for each frame", "ratio"], rows)


def main():
    sections = {"latency": latency, "hash": hashes, "scan": scan, "inspect": inspect, "plates": plates}
    wanted = sys.argv[1:] or list(sections)
    if any(w not in sections for w in wanted):
        raise SystemExit(f"usage: benches/run.sh [{'] ['.join(sections)}]")
    with tempfile.TemporaryDirectory(prefix="rushes-bench", dir=os.environ.get("BENCH_DIR")) as dir:
        machine(dir)
        for name in wanted:
            work = Path(dir) / name
            work.mkdir()
            sections[name](work)


main()
