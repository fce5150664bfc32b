//! Every log line and metric, declared once; journald or stderr.
