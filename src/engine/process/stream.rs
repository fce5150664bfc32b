//! Running a program whose output is taken as it comes.

use super::run::{Call, Cancel, Drain, Ended, Finished, TICK, failed, spawn, stop, wait};
use crate::model::Error;
use std::io::Read;
use std::process::ChildStdout;
use std::sync::mpsc::{Receiver, RecvTimeoutError, channel, sync_channel};
use std::time::{Duration, Instant};

/// Pieces that wait to be taken; while they do, the program waits too.
const WAITING: usize = 4;

/// As [`super::run`], but standard output goes to `sink` piece by piece, in order; `false` from it ends the program, which
/// is then [`Ended::Cancelled`]. `call.seconds` is how long the program may be silent, whatever `sink` takes.
///
/// # Errors
/// `WORKER-CRASHED` (kind Io) when it cannot be started.
pub fn stream(call: &Call, cancel: &Cancel, sink: &mut dyn FnMut(&[u8]) -> bool) -> Result<Finished, Error> {
    let begin = Instant::now();
    let mut child = spawn(call)?;
    let (tell, told) = channel();
    let err = Drain::start(child.stderr.take(), call.max_stderr, &tell);
    drop(tell);
    let (err, pieces) = match (err, pieces(child.stdout.take())) {
        (Ok(e), Ok(p)) => (e, p),
        (Err(e), _) | (_, Err(e)) => {
            stop(child, Ended::Cancelled);
            return Err(failed(call, &e));
        }
    };
    let silence = Duration::from_secs(call.seconds);
    let mut heard = Instant::now();
    let ended = loop {
        match pieces.recv_timeout(TICK) {
            Ok(piece) => {
                if !sink(&piece) {
                    break stop(child, Ended::Cancelled);
                }
                heard = Instant::now();
            }
            Err(RecvTimeoutError::Timeout) => {}
            Err(RecvTimeoutError::Disconnected) => break wait(child, heard + silence, cancel, &told),
        }
        if cancel.is_cancelled() {
            break stop(child, Ended::Cancelled);
        }
        if heard.elapsed() >= silence {
            break stop(child, Ended::TimedOut);
        }
    };
    let (stderr, _) = err.take();
    Ok(Finished { ended, stdout: Vec::new(), stdout_cut: false, stderr, wall: begin.elapsed() })
}

/// A thread that reads pieces of a pipe until its end, or until nobody takes them.
fn pieces(pipe: Option<ChildStdout>) -> std::io::Result<Receiver<Vec<u8>>> {
    let (give, take) = sync_channel(WAITING);
    std::thread::Builder::new().name("stream".into()).stack_size(256 << 10).spawn(move || {
        let Some(mut pipe) = pipe else { return };
        let mut buffer = [0u8; 64 << 10];
        loop {
            match pipe.read(&mut buffer) {
                Ok(0) => return,
                Ok(n) => {
                    if give.send(buffer.get(..n).unwrap_or_default().to_vec()).is_err() {
                        return;
                    }
                }
                Err(e) if e.kind() == std::io::ErrorKind::Interrupted => {}
                Err(_) => return,
            }
        }
    })?;
    Ok(take)
}

#[cfg(test)]
mod tests {
    use super::super::find;
    use super::*;

    fn sh(script: &str, seconds: u64) -> Call {
        let mut c = Call::new(find("sh").unwrap(), seconds);
        c.args = vec!["-c".into(), script.into()];
        c
    }

    #[test]
    fn everything_comes_in_order() {
        let mut got = Vec::new();
        let script = "i=0; while [ $i -lt 20000 ]; do echo $i; i=$((i+1)); done; echo bad >&2; exit 3";
        let f = stream(&sh(script, 20), &Cancel::new(), &mut |b| {
            got.extend_from_slice(b);
            true
        });
        let f = f.unwrap();
        let text = String::from_utf8(got).unwrap();
        assert!(text.lines().enumerate().all(|(n, l)| l == n.to_string()) && text.lines().count() == 20_000);
        assert_eq!((f.ended, f.stderr.as_slice()), (Ended::Code(3), &b"bad\n"[..]));
    }

    #[test]
    fn silence_a_full_sink_and_cancel_end_it() {
        let begin = Instant::now();
        assert_eq!(stream(&sh("echo; sleep 60", 1), &Cancel::new(), &mut |_| true).unwrap().ended, Ended::TimedOut);
        assert_eq!(stream(&sh("yes", 60), &Cancel::new(), &mut |_| false).unwrap().ended, Ended::Cancelled);
        let (cancel, mut n) = (Cancel::new(), 0);
        let ended = stream(&sh("yes", 60), &cancel, &mut |_| {
            n += 1;
            if n == 3 {
                cancel.cancel();
            }
            true
        });
        assert_eq!(ended.unwrap().ended, Ended::Cancelled);
        assert!(begin.elapsed() < Duration::from_secs(10), "{:?}", begin.elapsed());
        // a slow sink is not the program's silence
        let slow = stream(&sh("echo a; sleep 0.2; echo b", 1), &Cancel::new(), &mut |_| {
            std::thread::sleep(Duration::from_millis(1200));
            true
        });
        assert_eq!(slow.unwrap().ended, Ended::Code(0));
    }
}
