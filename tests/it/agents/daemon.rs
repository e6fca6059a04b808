//! Debian's snmpd in a process of its own, that can be started again.

use std::net::{SocketAddr, UdpSocket};
use std::path::PathBuf;
use std::process::{Child, Command, Stdio};
use std::time::Duration;

use tempfile::TempDir;
use wardwatch::wire::snmp::{Message, Pdu, PduKind, Version};

use super::common::oid;

pub struct Snmpd {
    child: Child,
    pub to: SocketAddr,
    program: PathBuf,
    dir: TempDir,
}

impl Drop for Snmpd {
    fn drop(&mut self) {
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}

/// Starts one, or says why not.
pub fn snmpd() -> Option<Snmpd> {
    let program = ["/usr/sbin/snmpd", "/usr/local/sbin/snmpd"]
        .into_iter()
        .map(PathBuf::from)
        .find(|p| p.exists());
    let Some(program) = program else {
        println!("skipped: snmpd is not installed (apt-get install snmpd)");
        return None;
    };
    let dir = tempfile::tempdir().unwrap();
    let port = UdpSocket::bind("127.0.0.1:0")
        .unwrap()
        .local_addr()
        .unwrap()
        .port();
    // snmpd writes a snmpd.conf of its own, for what it keeps
    std::fs::create_dir(dir.path().join("kept")).unwrap();
    std::fs::write(
        dir.path().join("snmpd.conf"),
        "rwcommunity private\n\
         rocommunity public\n\
         sysName sw-3f-02\n\
         sysServices 78\n\
         createUser sha256aes SHA-256 auth-secret-1 AES priv-secret-1\n\
         createUser sha1aes SHA auth-secret-1 AES priv-secret-1\n\
         createUser md5des MD5 auth-secret-1 DES priv-secret-1\n\
         createUser sha512 SHA-512 auth-secret-1\n\
         createUser nobody\n\
         rwuser sha256aes priv\n\
         rwuser sha1aes priv\n\
         rwuser md5des priv\n\
         rouser sha512 auth\n\
         rouser nobody noauth\n",
    )
    .unwrap();
    let to = SocketAddr::from(([127, 0, 0, 1], port));
    let child = start(&program, &dir, to, true);
    let this = Snmpd {
        child,
        to,
        program,
        dir,
    };
    this.is_up();
    Some(this)
}

impl Snmpd {
    /// Ends it as a service manager does, so that it stores its boots, and starts it again. Where it does not
    /// `remember` what it was, it has another engine id then.
    pub fn restart(&mut self, remembers: bool) {
        let id = i32::try_from(self.child.id()).unwrap();
        nix::sys::signal::kill(
            nix::unistd::Pid::from_raw(id),
            nix::sys::signal::Signal::SIGTERM,
        )
        .unwrap();
        self.child.wait().unwrap();
        self.child = start(&self.program, &self.dir, self.to, remembers);
        self.is_up();
    }

    /// Waits until it answers; any SNMP speaker would do to ask.
    fn is_up(&self) {
        let asking = UdpSocket::bind("127.0.0.1:0").unwrap();
        asking
            .set_read_timeout(Some(Duration::from_millis(100)))
            .unwrap();
        let hello = Message {
            version: Version::V2c,
            community: b"public".to_vec(),
            pdu: Pdu::request(PduKind::Get, 1, [oid("1.3.6.1.2.1.1.3.0")]),
        }
        .encode();
        let mut buffer = [0; 1500];
        for _ in 0..200 {
            asking.send_to(&hello, self.to).unwrap();
            if asking.recv(&mut buffer).is_ok() {
                return;
            }
            std::thread::sleep(Duration::from_millis(20));
        }
        panic!("snmpd did not come up on {}", self.to);
    }
}

fn start(program: &PathBuf, dir: &TempDir, to: SocketAddr, remembers: bool) -> Child {
    let mut path = dir.path().as_os_str().to_owned();
    if remembers {
        path.push(":");
        path.push(dir.path().join("kept"));
    }
    Command::new(program)
        .args(["-f", "-Ln"])
        .arg(format!("udp:127.0.0.1:{}", to.port()))
        .env("SNMPCONFPATH", path)
        .env("SNMP_PERSISTENT_DIR", dir.path().join("kept"))
        .env("MIBS", "")
        .stdin(Stdio::null())
        .stdout(Stdio::null())
        .stderr(Stdio::null())
        .spawn()
        .unwrap()
}
