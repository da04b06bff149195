//! What an instance was refused, and who refuses it: memory, requests, sockets.

use std::future::Future;
use std::sync::Arc;
use std::sync::atomic::{AtomicU8, Ordering};
use std::time::Duration;

use wasmtime::ResourceLimiter;
use wasmtime_wasi_http::{
    Error as HttpError, RequestOptions, WasiBody, WasiHttpHooks, default_send_request,
};

use crate::base::error::Error;
use crate::system::runtime::permissions::{Grant, Missing};
use crate::system::runtime::{Ended, Network};

const HTTP: u8 = 1;
const NETWORK: u8 = 2;
const MEMORY: u8 = 4;

/// What an instance was refused so far; clones see the same.
#[derive(Clone, Debug)]
pub struct Missed {
    bits: Arc<AtomicU8>,
    memory: u64,
}

impl Missed {
    /// Nothing yet.
    pub fn new(grant: &Grant) -> Self {
        Missed {
            bits: Arc::default(),
            memory: grant.memory(),
        }
    }

    fn note(&self, bit: u8) {
        self.bits.fetch_or(bit, Ordering::Relaxed);
    }

    /// Takes note of a socket.
    pub fn socket(&self) {
        self.note(NETWORK);
    }

    fn all(&self) -> impl Iterator<Item = Missing> {
        let bits = self.bits.load(Ordering::Relaxed);
        let all = [
            (HTTP, Missing::Http),
            (NETWORK, Missing::Network),
            (MEMORY, Missing::Memory(self.memory)),
        ];
        let missed = all.into_iter().filter(move |(bit, _)| bits & bit != 0);
        missed.map(|(_, missing)| missing)
    }

    /// An error of the instance with what it was refused before, which may well
    /// be why.
    pub fn explain(&self, error: Error) -> Error {
        self.all().fold(error, |error, missing| {
            let refused = format!("it was denied {}", missing.what());
            error.because(refused).hint(missing.hint())
        })
    }

    /// What an instance that did not fail was refused, with what helps, as one
    /// text; `None` if that is nothing.
    pub fn told(&self) -> Option<String> {
        let tell = |missing: Missing| {
            format!(
                "the component was denied {}; {}",
                missing.what(),
                missing.hint()
            )
        };
        let all: Vec<String> = self.all().map(tell).collect();
        (!all.is_empty()).then(|| all.join("; "))
    }

    /// The end of an instance with what it was refused.
    pub fn ended(&self, mut ended: Ended) -> Ended {
        match (ended.fault.take(), ended.code) {
            (Some(fault), _) => ended.fault = Some(self.explain(fault)),
            (None, 0) => ended.missed = self.told(),
            (None, code) => {
                let failed = Error::input(format!("the component ended with exit code {code}"));
                let missed = self.all().next();
                ended.fault = missed.map(|_| self.explain(failed));
            }
        }
        ended
    }
}

/// Awaits something of an instance for so long; the error says that it took
/// longer.
pub async fn within<T>(limit: Option<Duration>, work: impl Future<Output = T>) -> Result<T, Error> {
    match limit {
        Some(limit) => {
            let done = tokio::time::timeout(limit, work).await;
            done.map_err(|_| Grant::late(limit))
        }
        None => Ok(work.await),
    }
}

/// Counts the memory of an instance: all its linear memories and tables.
pub struct Limiter {
    left: u64,
    missed: Missed,
}

impl Limiter {
    /// Everything that is granted is left.
    pub fn new(grant: &Grant, missed: Missed) -> Self {
        Limiter {
            left: grant.memory(),
            missed,
        }
    }

    /// Takes so many bytes, if there are as many left.
    fn take(&mut self, bytes: usize) -> bool {
        let left = self.left.checked_sub(bytes as u64);
        match left {
            Some(left) => self.left = left,
            None => self.missed.note(MEMORY),
        }
        left.is_some()
    }
}

impl ResourceLimiter for Limiter {
    fn memory_growing(
        &mut self,
        current: usize,
        desired: usize,
        _maximum: Option<usize>,
    ) -> wasmtime::Result<bool> {
        Ok(self.take(desired.saturating_sub(current)))
    }

    fn table_growing(
        &mut self,
        current: usize,
        desired: usize,
        _maximum: Option<usize>,
    ) -> wasmtime::Result<bool> {
        let elements = desired.saturating_sub(current);
        Ok(self.take(elements.saturating_mul(size_of::<usize>())))
    }
}

/// Sends the requests of an instance, or refuses them.
pub struct Requests {
    network: Network,
    missed: Missed,
}

impl Requests {
    /// As it is granted.
    pub fn new(grant: &Grant, missed: Missed) -> Self {
        Requests {
            network: grant.network,
            missed,
        }
    }
}

/// A request that was sent: the answer, and what goes on behind it.
type Sent = Result<
    (
        hyper::Response<WasiBody>,
        Box<dyn Future<Output = Result<(), HttpError>> + Send>,
    ),
    HttpError,
>;

impl WasiHttpHooks for Requests {
    fn send_request(
        &mut self,
        request: hyper::Request<WasiBody>,
        options: Option<RequestOptions>,
        _: Box<dyn Future<Output = Result<(), HttpError>> + Send>,
    ) -> Box<dyn Future<Output = Sent> + Send> {
        use http_body_util::BodyExt as _;
        if self.network == Network::None {
            self.missed.note(HTTP);
            return Box::new(async { Err(HttpError::HttpRequestDenied) });
        }
        Box::new(async move {
            let (response, rest) = default_send_request(request, options).await?;
            let rest: Box<dyn Future<Output = _> + Send> = Box::new(rest);
            Ok((response.map(|body| body.boxed_unsync()), rest))
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn grant(max_memory: u64) -> Grant {
        Grant {
            max_memory: Some(max_memory),
            ..Grant::default()
        }
    }

    #[test]
    fn all_memories_count_together() {
        let grant = grant(1 << 20);
        let missed = Missed::new(&grant);
        let mut limiter = Limiter::new(&grant, missed.clone());
        assert!(limiter.memory_growing(0, 1 << 19, None).unwrap());
        assert!(limiter.memory_growing(0, 1 << 18, None).unwrap());
        assert!(missed.told().is_none());
        assert!(!limiter.memory_growing(1 << 18, 1 << 20, None).unwrap());
        assert!(!limiter.table_growing(0, 1 << 20, None).unwrap());
        assert!(limiter.memory_growing(1 << 18, 1 << 19, None).unwrap());
        assert!(
            !limiter
                .memory_growing(1 << 19, (1 << 19) + 1, None)
                .unwrap()
        );
        let told = missed.told().unwrap();
        assert!(told.contains("more than 1 MiB of memory; "), "{told}");
        assert!(told.contains("--max-memory"), "{told}");
    }

    #[test]
    fn what_fails_says_what_it_was_refused() {
        let missed = Missed::new(&grant(1));
        let ended = |code, fault| {
            missed.ended(Ended {
                code,
                fault,
                missed: None,
            })
        };
        assert!(ended(1, None).fault.is_none());
        missed.socket();
        assert!(ended(0, None).missed.unwrap().contains("--network"));
        let fault = ended(1, None).fault.unwrap();
        assert!(
            fault.to_string().contains("exit code 1: it was denied"),
            "{fault}"
        );
        let fault = ended(134, Some(Error::input("it trapped"))).fault.unwrap();
        assert_eq!(fault.message(), "it trapped");
    }
}
