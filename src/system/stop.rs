//! A signal that ends work which would otherwise go on.

use std::future::{Future, poll_fn};
use std::pin::{Pin, pin};
use std::task::Poll;

use tokio::sync::oneshot;

/// Ends the work that waits for its signal, also when this is dropped.
#[derive(Debug)]
pub struct Stopper(oneshot::Sender<()>);

impl Stopper {
    /// Gives the signal; work that has ended does not notice.
    pub fn stop(self) {
        let _ = self.0.send(());
    }
}

/// The receiving end, for the work.
#[derive(Debug)]
pub struct StopSignal(Option<oneshot::Receiver<()>>);

/// A signal for one piece of work, and the means to give it.
pub fn stop_channel() -> (Stopper, StopSignal) {
    let (sender, receiver) = oneshot::channel();
    (Stopper(sender), StopSignal(Some(receiver)))
}

impl StopSignal {
    /// A signal that never comes.
    pub fn never() -> Self {
        StopSignal(None)
    }

    /// The result of the work, or `None` if the signal comes before it. The work is dropped
    /// then, at the place where it waits.
    pub async fn or_stopped<T>(self, work: impl Future<Output = T>) -> Option<T> {
        let Some(mut signal) = self.0 else {
            return Some(work.await);
        };
        let mut work = pin!(work);
        poll_fn(|cx| {
            if let Poll::Ready(result) = work.as_mut().poll(cx) {
                return Poll::Ready(Some(result));
            }
            Pin::new(&mut signal).poll(cx).map(|_| None)
        })
        .await
    }
}
