//! The tree that all roots begin with: made by debootstrap from the mirror that the host's own apt
//! uses, once, and kept beside the build. It holds the packages that the tests install, because a
//! root has no network.

use std::fs::{self, File};
use std::path::{Path, PathBuf};
use std::process::Command;

/// Installed in every root.
const THERE: &[&str] = &["systemd-sysv", "dbus", "iproute2", "ca-certificates"];

/// What can be installed later: each line is downloaded with all that it needs, on its own, since
/// MTAs exclude each other.
const DOWNLOADED: &[&[&str]] = &[
    &["postfix", "swaks", "opendkim", "opendkim-tools", "unbound", "nsd", "rsyslog", "adduser"],
    &["sendmail", "swaks"],
    &["make"],
];

/// Where packages come from, as the host's apt has it.
#[derive(Debug, PartialEq, Eq)]
struct Mirror {
    /// Address, suite and component of all that Debian has there.
    sources: Vec<[String; 3]>,
}

impl Mirror {
    /// That of this host.
    fn of_the_host() -> Result<Self, String> {
        let format = "$(ORIGIN) $(SITE) $(CODENAME) $(COMPONENT)";
        let arguments = ["indextargets", "--format", format, "Created-By: Packages"];
        let mirror = Self::of(&output(Command::new("apt-get").args(arguments))?);
        if mirror.sources.is_empty() {
            return Err("apt knows no packages of Debian: apt-get update".to_owned());
        }
        Ok(mirror)
    }

    /// Reads lines of origin, address, suite and component; others than Debian's are left out.
    fn of(targets: &str) -> Self {
        let mut sources = Vec::new();
        for target in targets.lines() {
            if let ["Debian", site, suite, component] =
                target.split(' ').collect::<Vec<_>>().as_slice()
            {
                let source = [site, suite, component].map(|word| (*word).to_owned());
                if !sources.contains(&source) {
                    sources.push(source);
                }
            }
        }
        Self { sources }
    }

    /// Address and suite to begin with: the one of which the others are updates.
    fn first(&self) -> [&str; 2] {
        let shortest = self.sources.iter().min_by_key(|[_, suite, _]| suite.len());
        shortest.map_or(["", ""], |[site, suite, _]| [site, suite])
    }

    /// As a file of apt.
    fn list(&self) -> String {
        let line =
            |[site, suite, component]: &[String; 3]| format!("deb {site} {suite} {component}\n");
        self.sources.iter().map(line).collect()
    }
}

/// Where the tree is. Whoever comes first makes it, and others wait meanwhile.
pub(super) fn path() -> Result<PathBuf, String> {
    let kept = kept()?;
    fs::create_dir_all(&kept).map_err(|error| format!("{}: {error}", kept.display()))?;
    let lock = File::create(kept.join("lock")).map_err(|error| error.to_string())?;
    lock.lock().map_err(|error| format!("the lock of {}: {error}", kept.display()))?;
    let mirror = Mirror::of_the_host()?;
    let (tree, stamp) = (kept.join("base"), kept.join("stamp"));
    let wanted = format!("{}{THERE:?}\n{DOWNLOADED:?}\n", mirror.list());
    if fs::read_to_string(&stamp).is_ok_and(|found| found == wanted) {
        return Ok(tree);
    }
    let _ = fs::remove_file(&stamp);
    if tree.exists() {
        fs::remove_dir_all(&tree).map_err(|error| format!("{}: {error}", tree.display()))?;
    }
    make(&mirror, &tree)?;
    fs::write(&stamp, wanted).map_err(|error| format!("{}: {error}", stamp.display()))?;
    Ok(tree)
}

/// `debian/` in the directory of the build.
fn kept() -> Result<PathBuf, String> {
    let program = std::env::current_exe().map_err(|error| error.to_string())?;
    let target = program.ancestors().nth(3).ok_or("the tests run from nowhere")?;
    Ok(target.join("debian"))
}

fn make(mirror: &Mirror, tree: &Path) -> Result<(), String> {
    let [site, suite] = mirror.first();
    let there = format!("--include={}", THERE.join(","));
    output(
        Command::new("debootstrap").args(["--variant=minbase", &there, suite]).arg(tree).arg(site),
    )?;
    let write = |path: &str, text: &str| {
        let path = tree.join(path);
        fs::write(&path, text).map_err(|error| format!("{}: {error}", path.display()))
    };
    write("etc/apt/sources.list", &mirror.list())?;
    inside(tree, &["apt-get", "update", "-q"])?;
    for packages in DOWNLOADED {
        let apt = ["apt-get", "install", "-y", "-q", "--download-only"];
        inside(tree, &[&apt, *packages].concat())?;
    }
    // From here on it is a host in a network of its own.
    write("etc/hostname", "mx.example.com\n")?;
    write("etc/hosts", "127.0.0.1 mx.example.com mx localhost\n::1 localhost\n")?;
    write("etc/resolv.conf", "nameserver 127.0.0.1\n")?;
    // Nothing here is worth the time that the disk takes.
    write("etc/dpkg/dpkg.cfg.d/quick", "force-unsafe-io\n")
}

/// Runs a command in the tree, with the network of the host. Keys are not checked by a user of
/// apt's own, who may not be let in here.
fn inside(tree: &Path, words: &[&str]) -> Result<String, String> {
    let resolv = fs::read("/etc/resolv.conf").map_err(|error| error.to_string())?;
    fs::write(tree.join("etc/resolv.conf"), resolv).map_err(|error| error.to_string())?;
    let mut command = Command::new("chroot");
    command.arg(tree).args(words).env("DEBIAN_FRONTEND", "noninteractive").env("LC_ALL", "C.UTF-8");
    output(&mut command)
}

/// What a command prints; what it complained of, if it failed.
fn output(command: &mut Command) -> Result<String, String> {
    let shown = format!("{command:?}");
    let output = command.output().map_err(|error| {
        let program = command.get_program().to_string_lossy().into_owned();
        format!("{program}: {error}; scripts/needs peers installs it")
    })?;
    let text = |octets: &[u8]| String::from_utf8_lossy(octets).into_owned();
    if output.status.success() {
        return Ok(text(&output.stdout));
    }
    let (said, complained) = (text(&output.stdout), text(&output.stderr));
    Err(format!("{shown}: {}\n{said}{complained}", output.status))
}

#[cfg(test)]
mod tests {
    use super::Mirror;

    #[test]
    fn the_mirror_is_that_of_apt_and_what_is_not_debian_is_left_out() {
        let mirror = Mirror::of(
            "Debian http://m/debian/ bookworm-updates main\n\
             Debian http://m/debian/ bookworm main\n\
             Debian http://m/debian/ bookworm main\n\
             Node http://n/ nodistro main\n\
              http://o/ bookworm main\n\
             Debian http://m/security/ bookworm-security main\n",
        );
        assert_eq!(mirror.first(), ["http://m/debian/", "bookworm"]);
        let lines = "deb http://m/debian/ bookworm-updates main\n\
                     deb http://m/debian/ bookworm main\n\
                     deb http://m/security/ bookworm-security main\n";
        assert_eq!(mirror.list(), lines);
    }
}
