//! File descriptors: each connection takes one, and a process gets only so many.

use nix::sys::resource::{Resource, getrlimit, setrlimit};

/// How many are needed beside those of connections: sockets, log, runtime, files being read.
const BESIDE: u64 = 64;

/// Makes sure that this many connections can be open, and that many sockets beside them, as far as
/// the system lets us.
///
/// # Errors
/// How many connections there can be, when that is less.
pub fn provide(connections: usize, sockets: usize) -> Result<(), u64> {
    let count = |number| u64::try_from(number).unwrap_or(u64::MAX);
    let beside = count(sockets).saturating_add(BESIDE);
    let needed = count(connections).saturating_add(beside);
    let Ok((soft, hard)) = getrlimit(Resource::RLIMIT_NOFILE) else { return Ok(()) };
    if soft >= needed {
        return Ok(());
    }
    // Root may raise the upper limit too; others get as far as that.
    let _ = setrlimit(Resource::RLIMIT_NOFILE, needed, hard.max(needed))
        .or_else(|_| setrlimit(Resource::RLIMIT_NOFILE, needed.min(hard), hard));
    let granted = getrlimit(Resource::RLIMIT_NOFILE).map_or(soft, |(soft, _)| soft);
    if granted >= needed { Ok(()) } else { Err(granted.saturating_sub(beside)) }
}

#[cfg(test)]
mod tests {
    use super::provide;

    #[test]
    fn the_usual_number_is_there_and_an_absurd_one_is_not() {
        assert_eq!(provide(100, 0), Ok(()));
        let available = provide(usize::MAX, 0).unwrap_err();
        assert!(available > 100, "{available}");
    }
}
