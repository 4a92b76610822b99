//! `make install` on a system that knows nothing of Debian: no apt, no dpkg, no sign of either.

use twinseal_e2e::installed::unpack;
use twinseal_e2e::root::Root;

/// What makes a host Debian's, apart from the files themselves.
const DEBIAN: &str = "\
rm -rf /etc/apt /etc/dpkg /var/lib/dpkg /var/lib/apt /etc/debian_version /usr/lib/apt
rm -f /usr/bin/apt* /usr/bin/dpkg* /usr/lib/os-release /etc/os-release
printf 'ID=elsewhere\\nNAME=Elsewhere\\n' >/etc/os-release";

/// A host with the sources and a built program, but no compiler.
fn host(name: &str) -> Root {
    let root = Root::without_systemd(name);
    root.sh("apt-get install -y -q make");
    root.sh(DEBIAN);
    unpack(&root, "/src");
    root
}

/// Everything that has been written since a mark, without what a system writes by itself.
fn written(root: &Root) -> Vec<String> {
    let found = root.sh("find / -xdev -newer /root/mark \\( -type f -o -type l \\) \
         -not -path '/proc/*' -not -path '/run/*' -not -path '/tmp/tmp.*' | sort");
    found.lines().map(str::to_owned).collect()
}

#[test]
fn it_is_installed_below_a_prefix_in_an_image_and_nowhere_else() {
    let root = host("image");
    root.sh("sleep 1; touch /root/mark; sleep 1");
    let said = root.sh("make -C /src install DESTDIR=/image PREFIX=/opt/mail");
    let found = written(&root);
    let outside: Vec<_> =
        found.iter().filter(|path| !path.starts_with("/image/opt/mail/")).collect();
    assert!(outside.is_empty(), "{outside:?}");
    for path in ["sbin/twinseal", "share/doc/twinseal/README.md", "share/man/man8/twinseal.8"] {
        let path = format!("/image/opt/mail/{path}");
        assert!(found.contains(&path), "{path} is missing in {found:?}");
        assert!(said.contains(&path), "it does not say that it writes {path}:\n{said}");
    }
    // What it names is where it will be, not where the image is.
    let named = root.sh("grep -rhoE '/[a-z/]*/sbin/twinseal' /image/opt/mail/lib | sort -u");
    assert_eq!(named, "/opt/mail/sbin/twinseal\n");
    let image = root.sh("grep -rl /image /image/opt/mail || true");
    assert_eq!(image, "");
}

#[test]
fn what_is_installed_makes_keys_and_signs() {
    let root = host("signs");
    root.sh("make -C /src install && rm -rf /src");
    let sealed = root.sh(
        "twinseal genkey --domain example.com --selector mail2 --directory /root >/dev/null
         printf 'From: ann@example.com\\r\\nSubject: x\\r\\n\\r\\nhello\\r\\n' |
             twinseal sign --domain example.com --selector mail2 --key /root/mail2.private",
    );
    for field in ["DKIM-Signature: ", "DomainKey-Signature: "] {
        assert!(sealed.contains(field), "{sealed}");
    }
}

#[test]
fn the_init_script_below_a_prefix_starts_what_was_installed_there() {
    let root = host("started");
    root.sh("make -C /src install PREFIX=/opt/mail && rm -rf /src");
    let examples = "/opt/mail/share/doc/twinseal/examples";
    let socket = "/var/spool/postfix/milter/twinseal/twinseal.sock";
    root.sh(&format!(
        "useradd --system --user-group twinseal; mkdir /etc/twinseal
         cp {examples}/verify-only.yaml /etc/twinseal/twinseal.yaml
         {examples}/init.d/twinseal start; test -S {socket}
         test \"$(readlink /proc/$(cat /run/twinseal/twinseal.pid)/exe)\" = /opt/mail/sbin/twinseal
         {examples}/init.d/twinseal stop; test ! -e /run/twinseal/twinseal.pid"
    ));
}

#[test]
fn a_prefix_that_no_unit_can_have_is_refused() {
    let root = host("refused");
    let said = root.try_sh("make -C /src install 'PREFIX=/opt/my mail'");
    assert!(!said.status.success());
    assert!(said.text.contains("PREFIX \"/opt/my mail\" is no path"), "{}", said.text);
    assert!(!root.path("/opt/my mail").exists());
}
