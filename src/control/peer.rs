//! Who is at the other end of the control socket.

use std::fs::File;
use std::io::Read;
use std::path::Path;

/// The process at the other end, as the kernel names it (`SO_PEERCRED`, unix(7)).
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Peer {
    /// Numeric user.
    pub uid: u32,
    /// Numeric group.
    pub gid: u32,
    /// Process, when the kernel tells.
    pub pid: Option<i32>,
    /// User name, or `uid N`: what the audit keeps.
    pub who: String,
}

/// The name of user `uid` by `/etc/passwd`, else `uid N`.
///
/// Directory services are not asked: that could wait for a network.
#[must_use]
pub fn user_name(uid: u32) -> String {
    name_in(Path::new("/etc/passwd"), uid).unwrap_or_else(|| format!("uid {uid}"))
}

/// The largest part of a password file that is read, bytes.
const MOST: u64 = 4 << 20;

fn name_in(passwd: &Path, uid: u32) -> Option<String> {
    let mut bytes = Vec::new();
    File::open(passwd).ok()?.take(MOST).read_to_end(&mut bytes).ok()?;
    let text = String::from_utf8_lossy(&bytes);
    text.lines().find_map(|line| {
        let mut parts = line.split(':');
        let name = parts.next()?;
        let number = parts.nth(1)?;
        let fits = number.parse() == Ok(uid) && !name.is_empty() && !name.starts_with(['+', '-', '#']);
        fits.then(|| crate::model::escape_for_people(name))
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names_come_from_the_password_file() {
        assert_eq!(user_name(0), "root");
        assert_eq!(user_name(4_000_000_001), "uid 4000000001");
        let d = tempfile::tempdir().unwrap();
        let f = d.path().join("passwd");
        std::fs::write(&f, "+nis::7:7\nshort\nana:x:7:7::/:/bin/sh\n").unwrap();
        assert_eq!(name_in(&f, 7).as_deref(), Some("ana"));
        assert_eq!(name_in(&f, 8), None);
    }
}
