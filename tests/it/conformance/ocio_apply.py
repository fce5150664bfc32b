#!/usr/bin/env python3
"""OpenColorIO on request. Each line of stdin is a JSON object:
in     file of native 32-bit floats, red, green, blue after one another
out    file to write, in the same form
steps  list of ["convert", FROM, TO] by names of the ACES studio configuration that comes with the library,
       ["cdl", SLOPE, OFFSET, POWER, SATURATION] without clamping, ["cube", FILE] between entries by tetrahedra
Each is answered by one line: "ok", or "unknown NAME" where the configuration has no such space.
Usage: ocio_apply.py, or ocio_apply.py --spaces, which prints the names, one a line."""
import array
import json
import sys

import PyOpenColorIO as ocio

config = ocio.Config.CreateFromBuiltinConfig("ocio://studio-config-latest")
names = [s.getName() for s in config.getColorSpaces()]


def transform(step):
    kind, *rest = step
    if kind == "convert":
        return ocio.ColorSpaceTransform(src=rest[0], dst=rest[1])
    if kind == "cdl":
        slope, offset, power, saturation = rest
        t = ocio.CDLTransform(slope=slope, offset=offset, power=power, sat=saturation)
        t.setStyle(ocio.CDL_NO_CLAMP)
        return t
    return ocio.FileTransform(src=rest[0], interpolation=ocio.INTERP_TETRAHEDRAL)


def answer(request):
    for step in request["steps"]:
        for name in step[1:] if step[0] == "convert" else []:
            if name not in names:
                return "unknown " + name
    group = ocio.GroupTransform([transform(s) for s in request["steps"]])
    cpu = config.getProcessor(group).getOptimizedCPUProcessor(ocio.OPTIMIZATION_LOSSLESS)
    samples = array.array("f")
    with open(request["in"], "rb") as f:
        samples.frombytes(f.read())
    cpu.applyRGB(samples)
    with open(request["out"], "wb") as f:
        samples.tofile(f)
    return "ok"


if sys.argv[1:] == ["--spaces"]:
    print("\n".join(names))
else:
    for line in sys.stdin:
        print(answer(json.loads(line)), flush=True)
