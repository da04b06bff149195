//! Work on several items at the same time.

use std::num::NonZero;
use std::panic::resume_unwind;
use std::sync::{Mutex, OnceLock, PoisonError};
use std::thread;

use super::error::{is_guarded, set_guarded};

/// The highest number of threads that compute: what they do takes milliseconds, and
/// more of them would take longer to start than they save.
const MAX_COMPUTING: usize = 8;

/// How many bytes of input are worth starting a thread for.
pub const BYTES_PER_THREAD: usize = 64 << 10;

/// Applies `work`, which computes and does not wait, to every item, and returns the
/// results in the order of the items. A panic of one thread becomes one of the caller.
pub fn compute<J: Send, T: Send>(items: Vec<J>, work: impl Fn(J) -> T + Sync) -> Vec<T> {
    let threads = match items.len() {
        0 | 1 => 1,
        _ => processors(),
    };
    map(items, threads, work)
}

/// As [`compute`], for items that together are this many bytes: if these are few, without
/// other threads.
pub fn compute_sized<J: Send, T: Send>(
    bytes: usize,
    items: Vec<J>,
    work: impl Fn(J) -> T + Sync,
) -> Vec<T> {
    match bytes < BYTES_PER_THREAD {
        true => items.into_iter().map(work).collect(),
        false => compute(items, work),
    }
}

/// As [`compute_sized`]. The calling thread does something else first, `main`, while other
/// threads begin.
pub fn compute_beside<J: Send, T: Send, M>(
    bytes: usize,
    items: Vec<J>,
    work: impl Fn(J) -> T + Sync,
    main: impl FnOnce() -> M,
) -> (Vec<T>, M) {
    let more = match bytes < BYTES_PER_THREAD {
        true => 0,
        false => processors() - 1,
    };
    map_beside(items, more, work, main)
}

/// How many threads compute at the same time, the calling one among them.
fn processors() -> usize {
    // Several files are read to find the number.
    static PROCESSORS: OnceLock<usize> = OnceLock::new();
    let find = || thread::available_parallelism().map_or(1, NonZero::get);
    (*PROCESSORS.get_or_init(find)).min(MAX_COMPUTING)
}

/// As [`compute`], for work that waits: with up to this many threads, the calling one
/// among them.
pub fn map<J: Send, T: Send>(
    items: Vec<J>,
    threads: usize,
    work: impl Fn(J) -> T + Sync,
) -> Vec<T> {
    let more = threads.min(items.len()).saturating_sub(1);
    map_beside(items, more, work, || ()).0
}

/// Works on the items with this many more threads, and with the calling one after `main`.
fn map_beside<J: Send, T: Send, M>(
    items: Vec<J>,
    more: usize,
    work: impl Fn(J) -> T + Sync,
    main: impl FnOnce() -> M,
) -> (Vec<T>, M) {
    let more = more.min(items.len());
    if more == 0 {
        let main = main();
        return (items.into_iter().map(work).collect(), main);
    }
    let queue = Mutex::new(items.into_iter().enumerate());
    let next = || queue.lock().unwrap_or_else(PoisonError::into_inner).next();
    let run = || {
        let mut done = Vec::new();
        while let Some((index, item)) = next() {
            done.push((index, work(item)));
        }
        done
    };
    let is_guarded = is_guarded();
    let guarded_run = || {
        set_guarded(is_guarded);
        run()
    };
    let (mut results, main): (Vec<(usize, T)>, M) = thread::scope(|scope| {
        let others: Vec<_> = (0..more).map(|_| scope.spawn(guarded_run)).collect();
        let main = main();
        let mut done = run();
        for other in others {
            done.extend(other.join().unwrap_or_else(|panic| resume_unwind(panic)));
        }
        (done, main)
    });
    results.sort_by_key(|(index, _)| *index);
    let results = results.into_iter().map(|(_, result)| result).collect();
    (results, main)
}

#[cfg(test)]
mod tests {
    use std::collections::BTreeSet;
    use std::sync::Barrier;

    use super::*;
    use crate::base::error::guarded;

    #[test]
    fn items_are_worked_on_together_and_results_keep_their_order() {
        for threads in [0, 1, 3, 100] {
            let squares = map((0..100).collect(), threads, |n: usize| n * n);
            assert_eq!(squares, (0..100).map(|n| n * n).collect::<Vec<_>>());
        }
        let halves = compute((0..100).collect(), |n: usize| n / 2);
        assert_eq!(halves, (0..100).map(|n| n / 2).collect::<Vec<_>>());
        // It ends only if each item has a thread.
        let together = Barrier::new(4);
        let ids = map(vec![(); 4], 4, |()| {
            together.wait();
            format!("{:?}", thread::current().id())
        });
        assert_eq!(ids.into_iter().collect::<BTreeSet<_>>().len(), 4);
    }

    #[test]
    fn other_work_is_done_beside() {
        for bytes in [0, 100, BYTES_PER_THREAD, 10 * BYTES_PER_THREAD] {
            let caller = thread::current().id();
            let (halves, main) =
                compute_beside(bytes, vec![2, 4, 6], |n| n / 2, || thread::current().id());
            assert_eq!((halves, main), (vec![1, 2, 3], caller));
        }
        // It ends only if the thread of the item runs while the caller waits for it.
        let together = Barrier::new(2);
        let wait = || {
            together.wait();
        };
        map_beside(vec![()], 1, |()| wait(), wait);
    }

    #[test]
    fn a_panic_of_any_thread_reaches_the_guard_of_the_caller() {
        let caught = guarded("numbers", || {
            map((0..8).collect(), 4, |n| assert!(n != 7 && is_guarded()))
        });
        assert!(caught.unwrap_err().contains("`numbers`"));
    }
}
