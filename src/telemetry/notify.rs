//! What the service manager is told (sd_notify(3)). Without one every call does nothing.

use crate::model::escape_for_people;
use sd_notify::NotifyState;
use std::time::Duration;

/// The longest status text, characters.
const LONGEST: usize = 200;

fn send(states: &[NotifyState<'_>]) {
    // Nobody to tell, or a manager that is gone: work goes on.
    let _ = sd_notify::notify(states);
}

/// Start-up is finished.
pub fn ready() {
    send(&[NotifyState::Ready]);
}

/// A reload begins; call [`ready`] when it ended, well or not. Sends `MONOTONIC_USEC` as well, which
/// `Type=notify-reload` asks for.
pub fn reloading() {
    match NotifyState::monotonic_usec_now() {
        Ok(now) => send(&[NotifyState::Reloading, now]),
        Err(_) => send(&[NotifyState::Reloading]),
    }
}

/// Shutdown begins.
pub fn stopping() {
    send(&[NotifyState::Stopping]);
}

/// One line for `systemctl status`.
pub fn status(text: &str) {
    let line: String = escape_for_people(text).chars().take(LONGEST).collect();
    send(&[NotifyState::Status(&line)]);
}

/// Still alive.
pub fn watchdog() {
    send(&[NotifyState::Watchdog]);
}

/// Runs something that takes long and must not be taken for a hang, and says meanwhile that we are alive.
pub fn alive_during<T>(work: impl FnOnce() -> T) -> T {
    let every = watchdog_interval().unwrap_or(Duration::from_secs(10)).min(Duration::from_secs(10));
    std::thread::scope(|scope| {
        let (done, wait) = std::sync::mpsc::channel::<()>();
        scope.spawn(move || {
            while let Err(std::sync::mpsc::RecvTimeoutError::Timeout) = wait.recv_timeout(every) {
                watchdog();
                extend_timeout(every * 6);
            }
        });
        let result = work();
        drop(done);
        result
    })
}

/// How often to call [`watchdog`]: half of what the unit allows; `None` when no watchdog is set.
#[must_use]
pub fn watchdog_interval() -> Option<Duration> {
    sd_notify::watchdog_enabled().map(|d| d / 2).filter(|d| !d.is_zero())
}

/// Asks for more time to start or stop.
pub fn extend_timeout(by: Duration) {
    send(&[NotifyState::ExtendTimeoutUsec(u32::try_from(by.as_micros()).unwrap_or(u32::MAX))]);
}
