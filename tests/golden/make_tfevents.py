"""Reads the committed event file with TensorBoard's own readers and writes down what they saw.

The file is what tests/test_tensorboard.c writes at fixed times; that test compares it byte for
byte. Run this after a wanted change of the writer:  python tests/golden/make_tfevents.py [--check]
Needs: pip install tensorboard
"""
import json
import pathlib
import sys

from tensorboard.backend.event_processing import event_accumulator, event_file_loader
from tensorboard.plugins.custom_scalar import layout_pb2, metadata as custom_scalar
from tensorboard.plugins.hparams import metadata, plugin_data_pb2
from tensorboard.util import tensor_util

FOLDER = pathlib.Path(__file__).parent / "tfevents"
SEEN = FOLDER / "seen.json"


def hparam(value):
    return getattr(value, value.WhichOneof("kind"))


def read():
    path = next(FOLDER.glob("events.out.tfevents.*"))
    events = []
    for event in event_file_loader.LegacyEventFileLoader(str(path)).Load():
        row = {"wall_time": event.wall_time, "step": event.step, "what": event.WhichOneof("what")}
        if row["what"] == "file_version":
            row["file_version"] = event.file_version
        if row["what"] == "session_log":
            row["status"] = event.session_log.status
        for value in event.summary.value:
            row["tag"] = value.tag
            if value.HasField("simple_value"):
                row["simple_value"] = value.simple_value
            if value.HasField("histo"):
                h = value.histo
                row["histogram"] = [h.min, h.max, h.num, h.sum, h.sum_squares, list(h.bucket_limit), list(h.bucket)]
        events.append(row)

    accumulator = event_accumulator.EventAccumulator(str(path))
    accumulator.Reload()
    scalars = {
        tag: [[s.step, s.value] for s in accumulator.Scalars(tag)]
        for tag in accumulator.Tags()["scalars"]
    }
    histograms = {tag: [[h.step, h.histogram_value.num, list(h.histogram_value.bucket)]
                        for h in accumulator.Histograms(tag)] for tag in accumulator.Tags()["histograms"]}
    stored = accumulator.Tensors(custom_scalar.CONFIG_SUMMARY_TAG)[0].tensor_proto
    layout = layout_pb2.Layout.FromString(tensor_util.make_ndarray(stored).item())
    charts = [[category.title, chart.title, list(chart.multiline.tag)]
              for category in layout.category for chart in category.chart]
    plugin = {}
    for tag, content in accumulator.PluginTagToContent("hparams").items():
        data = plugin_data_pb2.HParamsPluginData.FromString(content)
        kind = data.WhichOneof("data")
        if kind == "session_start_info":
            start = metadata.parse_session_start_info_plugin_data(content)
            plugin[tag] = {"hparams": {k: hparam(start.hparams[k]) for k in sorted(start.hparams)},
                           "start_time_secs": start.start_time_secs}
        elif kind == "session_end_info":
            end = metadata.parse_session_end_info_plugin_data(content)
            plugin[tag] = {"status": end.status, "end_time_secs": end.end_time_secs}
        else:
            experiment = metadata.parse_experiment_plugin_data(content)
            plugin[tag] = {"name": experiment.name,
                           "hparams": [[i.name, i.type] for i in experiment.hparam_infos],
                           "metrics": [i.name.tag for i in experiment.metric_infos]}
    return {"events": events, "scalars": scalars, "hparams": plugin, "histograms": histograms, "charts": charts}


seen = json.dumps(read(), indent=1, sort_keys=True) + "\n"
if "--check" in sys.argv:
    sys.exit(0 if seen == SEEN.read_text() else "TensorBoard reads something else now")
SEEN.write_text(seen)
