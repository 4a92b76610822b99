//! The program `twinseal`.
#![forbid(unsafe_code)]

use std::io;
use std::process::ExitCode;
use twinseal_daemon::terminal::Terminal;

fn main() -> ExitCode {
    let (mut stdin, mut stdout, mut stderr) = (io::stdin(), io::stdout(), io::stderr());
    let mut terminal = Terminal {
        program: twinseal_daemon::PROGRAM,
        input: &mut stdin,
        output: &mut stdout,
        errors: &mut stderr,
    };
    let mut words = std::env::args_os();
    let name = words.next().unwrap_or_default();
    twinseal_daemon::run(&name, words.collect(), &mut terminal).into()
}
