//! Signals become events; a second TERM or INT ends the process at once.

use crossbeam_channel::Sender;
use signal_hook::consts::{SIGHUP, SIGINT, SIGTERM, SIGUSR1};
use signal_hook::iterator::Signals;
use std::time::Duration;

/// Listens on a thread of its own and sends signal numbers.
///
/// # Errors
/// When the handlers cannot be installed.
pub(super) fn listen(out: Sender<i32>) -> std::io::Result<signal_hook::iterator::Handle> {
    let mut signals = Signals::new([SIGTERM, SIGINT, SIGHUP, SIGUSR1])?;
    let handle = signals.handle();
    std::thread::Builder::new().name("signals".into()).spawn(move || {
        let mut ending = false;
        for n in signals.forever() {
            if matches!(n, SIGTERM | SIGINT) {
                if ending {
                    // the person insists; workers die with us (parent-death signal)
                    std::process::exit(128 + n);
                }
                ending = true;
            }
            // the loop may be busy; a lost HUP or USR1 would be worse than waiting here
            if out.send_timeout(n, Duration::from_secs(30)).is_err() {
                return;
            }
        }
    })?;
    Ok(handle)
}
