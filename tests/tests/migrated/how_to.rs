//! The host of the how-to.

use super::host::Host;
use std::fs;
use std::os::unix::fs::symlink;

impl Host {
    /// What the how-to has one set up: both daemons, with the same keys by way of links.
    pub(crate) fn of_the_how_to(&self, domains: &[&str]) {
        let lines = |line: &dyn Fn(&str) -> String| {
            domains.iter().map(|domain| line(domain)).collect::<String>()
        };
        for domain in domains {
            self.key(&format!("etc/mail/dkim/keys/{domain}/default.private"));
            self.link(&format!("etc/mail/dkim/keys/{domain}/mail2"), "default.private");
        }
        self.link("etc/mail/domainkeys/keys", "/etc/mail/dkim/keys");
        self.write("etc/dkim-internalhosts.conf", "127.0.0.1\n192.168.1.0/24\n.example.com\n");
        self.link("etc/mail/domainkeys/internalhosts", "/etc/dkim-internalhosts.conf");
        let keys =
            lines(&|domain| format!("*@{domain}:{domain}:/etc/mail/dkim/keys/{domain}/mail2\n"));
        self.write("etc/dkim-keys.conf", keys);
        self.write("etc/mail/domainkeys/domains", lines(&|domain| format!("{domain}\n")));
        let keys =
            lines(&|domain| format!("*@{domain}:/etc/mail/domainkeys/keys/{domain}/mail2\n"));
        self.write("etc/mail/domainkeys/keylist", keys);
        self.write(
            "etc/dkim-filter.conf",
            "Syslog\t\tyes\nUMask\t\t002\nKeyList\t\t/etc/dkim-keys.conf\n\
             InternalHosts\t/etc/dkim-internalhosts.conf\nOn-BadSignature\treject\n",
        );
        let sockets = "/var/spool/postfix/milter";
        let socket = format!("SOCKET=\"local:{sockets}/dkim-filter/dkim-filter.sock\"\n");
        self.write("etc/default/dkim-filter", format!("#DAEMON_OPTS=\"\"\n{socket}"));
        let socket = format!("SOCKET=\"{sockets}/dk-filter/dk-filter.sock\"\n");
        let options = "DAEMON_OPTS=\"-l\"\n\
             DAEMON_OPTS=\"$DAEMON_OPTS -i /etc/mail/domainkeys/internalhosts \"\n\
             DAEMON_OPTS=\"$DAEMON_OPTS -d /etc/mail/domainkeys/domains\"\n\
             DAEMON_OPTS=\"$DAEMON_OPTS -k -s /etc/mail/domainkeys/keylist\"\n";
        self.write("etc/default/dk-filter", format!("{options}{socket}"));
    }

    pub(crate) fn link(&self, path: &str, target: &str) {
        let path = self.0.join(&format!("root/{path}"));
        fs::create_dir_all(path.parent().unwrap()).unwrap();
        symlink(target, path).unwrap();
    }
}
