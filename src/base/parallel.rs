//! Work on several items at the same time.

use std::num::NonZero;
use std::panic::resume_unwind;
use std::sync::{Mutex, OnceLock, PoisonError};
use std::thread;

use super::error::{is_guarded, set_guarded};

/// The highest number of threads that compute: what they do takes milliseconds, and
/// more of them would take longer to start than they save.
const MAX_COMPUTING: usize = 8;

/// Applies `work`, which computes and does not wait, to every item, and returns the
/// results in the order of the items. A panic of one thread becomes one of the caller.
pub fn compute<J: Send, T: Send>(items: Vec<J>, work: impl Fn(J) -> T + Sync) -> Vec<T> {
    // Several files are read to find the number.
    static PROCESSORS: OnceLock<usize> = OnceLock::new();
    let processors = || thread::available_parallelism().map_or(1, NonZero::get);
    let threads = match items.len() {
        0 | 1 => 1,
        _ => *PROCESSORS.get_or_init(processors),
    };
    map(items, threads.min(MAX_COMPUTING), work)
}

/// As [`compute`], for work that waits: with up to this many threads, the calling one
/// among them.
pub fn map<J: Send, T: Send>(
    items: Vec<J>,
    threads: usize,
    work: impl Fn(J) -> T + Sync,
) -> Vec<T> {
    let more = threads.min(items.len()).saturating_sub(1);
    if more == 0 {
        return items.into_iter().map(work).collect();
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
    let mut results: Vec<(usize, T)> = thread::scope(|scope| {
        let others: Vec<_> = (0..more).map(|_| scope.spawn(guarded_run)).collect();
        let mut done = run();
        for other in others {
            done.extend(other.join().unwrap_or_else(|panic| resume_unwind(panic)));
        }
        done
    });
    results.sort_by_key(|(index, _)| *index);
    results.into_iter().map(|(_, result)| result).collect()
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
    fn a_panic_of_any_thread_reaches_the_guard_of_the_caller() {
        let caught = guarded("numbers", || {
            map((0..8).collect(), 4, |n| assert!(n != 7 && is_guarded()))
        });
        assert!(caught.unwrap_err().contains("`numbers`"));
    }
}
