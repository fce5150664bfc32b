"""What OpenTimelineIO makes of a file: a JSON list of its clips."""
import json
import os
import sys

import opentimelineio as otio
from opentimelineio.url_utils import filepath_from_url

root = otio.adapters.read_from_file(sys.argv[1])
out = []
for clip in [root] if isinstance(root, otio.schema.Clip) else root:
    span = clip.available_range()
    media = clip.media_reference
    if isinstance(media, otio.schema.ImageSequenceReference):
        count = media.number_of_images_in_sequence()
        urls = [media.target_url_for_image_number(n) for n in range(count)]
    else:
        urls = [media.target_url]
    known = dict(clip.metadata["rushes"])
    # left to itself it takes 29.97 for drop-frame: the model has no place for what it is
    drop = bool(known.get("timecode", {}).get("drop", False))
    try:
        # text from their count, so that the label and the count are compared at once
        label = otio.opentime.to_timecode(span.start_time, span.start_time.rate, drop)
    except (ValueError, NotImplementedError):
        label = None
    paths = [filepath_from_url(u) for u in urls]
    out.append({
        "name": clip.name,
        "kind": media.schema_name(),
        "start": [span.start_time.value, span.start_time.rate],
        "duration": [span.duration.value, span.duration.rate],
        "seconds": span.duration.to_seconds(),
        "timecode": label,
        "files": len(paths),
        "there": sum(os.path.isfile(p) for p in paths),
        "known": known,
    })
json.dump(out, sys.stdout, default=lambda o: dict(o) if hasattr(o, "keys") else list(o))
