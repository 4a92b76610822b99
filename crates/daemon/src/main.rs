//! The program `twinseal`.
#![forbid(unsafe_code)]

use std::io;
use std::process::ExitCode;
use twinseal_daemon::terminal::Terminal;

fn main() -> ExitCode {
    let (mut stdin, mut stdout, mut stderr) = (io::stdin(), io::stdout(), io::stderr());
    let mut terminal = Terminal { input: &mut stdin, output: &mut stdout, errors: &mut stderr };
    twinseal_daemon::run(std::env::args_os().skip(1).collect(), &mut terminal).into()
}
