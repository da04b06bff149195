//! What an instance was refused, and the limits that refuse it: of memory, of
//! requests and of time.

use std::future::Future;
use std::sync::Arc;
use std::sync::atomic::{AtomicU8, Ordering};
use std::time::Duration;

use wasmtime::ResourceLimiter;
use wasmtime_wasi_http::{
    Error as HttpError, RequestOptions, WasiBody, WasiHttpHooks, default_send_request,
};

use crate::base::error::Error;
use crate::system::runtime::outcome::ExitStatus;
use crate::system::runtime::permissions::{Network, Permissions, Refusal};

const HTTP: u8 = 1;
const NETWORK: u8 = 2;
const MEMORY: u8 = 4;

/// The log of what an instance was refused; clones share it.
#[derive(Clone, Debug)]
pub struct RefusalLog {
    bits: Arc<AtomicU8>,
    memory: u64,
}

impl RefusalLog {
    /// An empty log for an instance with these permissions.
    pub fn new(permissions: &Permissions) -> Self {
        RefusalLog {
            bits: Arc::default(),
            memory: permissions.memory(),
        }
    }

    fn record(&self, bit: u8) {
        self.bits.fetch_or(bit, Ordering::Relaxed);
    }

    /// Records that a socket was refused.
    pub fn record_socket(&self) {
        self.record(NETWORK);
    }

    fn all(&self) -> impl Iterator<Item = Refusal> {
        let bits = self.bits.load(Ordering::Relaxed);
        let all = [
            (HTTP, Refusal::Http),
            (NETWORK, Refusal::Network),
            (MEMORY, Refusal::Memory(self.memory)),
        ];
        let refusals = all.into_iter().filter(move |(bit, _)| bits & bit != 0);
        refusals.map(|(_, refusal)| refusal)
    }

    /// Adds to an error of the instance what it was refused before, which may
    /// have caused it.
    pub fn explain(&self, error: Error) -> Error {
        self.all().fold(error, |error, refusal| {
            let refused = format!("it was denied {}", refusal.description());
            error.with_cause(refused).hint(refusal.hint())
        })
    }

    /// What the instance was refused and the options that grant it, for a warning;
    /// `None` if nothing was refused.
    pub fn warning(&self) -> Option<String> {
        let describe = |refusal: Refusal| {
            format!(
                "the component was denied {}; {}",
                refusal.description(),
                refusal.hint()
            )
        };
        let all: Vec<String> = self.all().map(describe).collect();
        (!all.is_empty()).then(|| all.join("; "))
    }

    /// Adds to the exit status of the instance what it was refused.
    pub fn add_to(&self, mut status: ExitStatus) -> ExitStatus {
        match (status.fault.take(), status.code) {
            (Some(fault), _) => status.fault = Some(self.explain(fault)),
            (None, 0) => status.refusals = self.warning(),
            (None, code) => {
                let failed = Error::input(format!("the component ended with exit code {code}"));
                let refusals = self.all().next();
                status.fault = refusals.map(|_| self.explain(failed));
            }
        }
        status
    }
}

/// Awaits `work` of an instance; the error says that it exceeded the limit.
pub async fn within<T>(limit: Option<Duration>, work: impl Future<Output = T>) -> Result<T, Error> {
    match limit {
        Some(limit) => {
            let done = tokio::time::timeout(limit, work).await;
            done.map_err(|_| Permissions::timeout_error(limit))
        }
        None => Ok(work.await),
    }
}

/// Limits the memory of an instance: the sum of its linear memories and tables.
pub struct MemoryLimiter {
    left: u64,
    refusals: RefusalLog,
}

impl MemoryLimiter {
    /// A limiter that has granted no memory yet.
    pub fn new(permissions: &Permissions, refusals: RefusalLog) -> Self {
        MemoryLimiter {
            left: permissions.memory(),
            refusals,
        }
    }

    /// Grants so many bytes, if as many are left.
    fn take(&mut self, bytes: usize) -> bool {
        let left = self.left.checked_sub(bytes as u64);
        match left {
            Some(left) => self.left = left,
            None => self.refusals.record(MEMORY),
        }
        left.is_some()
    }
}

impl ResourceLimiter for MemoryLimiter {
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

/// Sends the HTTP requests of an instance, or refuses them.
pub struct RequestSender {
    network: Network,
    refusals: RefusalLog,
}

impl RequestSender {
    /// A sender for an instance with these permissions.
    pub fn new(permissions: &Permissions, refusals: RefusalLog) -> Self {
        RequestSender {
            network: permissions.network,
            refusals,
        }
    }
}

/// The result of a request: the response, and the task that receives its body.
type SendResult = Result<
    (
        hyper::Response<WasiBody>,
        Box<dyn Future<Output = Result<(), HttpError>> + Send>,
    ),
    HttpError,
>;

impl WasiHttpHooks for RequestSender {
    fn send_request(
        &mut self,
        request: hyper::Request<WasiBody>,
        options: Option<RequestOptions>,
        _: Box<dyn Future<Output = Result<(), HttpError>> + Send>,
    ) -> Box<dyn Future<Output = SendResult> + Send> {
        use http_body_util::BodyExt as _;
        if self.network == Network::None {
            self.refusals.record(HTTP);
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

    fn permissions(max_memory: u64) -> Permissions {
        Permissions {
            max_memory: Some(max_memory),
            ..Permissions::default()
        }
    }

    #[test]
    fn all_memories_count_together() {
        let permissions = permissions(1 << 20);
        let refusals = RefusalLog::new(&permissions);
        let mut limiter = MemoryLimiter::new(&permissions, refusals.clone());
        assert!(limiter.memory_growing(0, 1 << 19, None).unwrap());
        assert!(limiter.memory_growing(0, 1 << 18, None).unwrap());
        assert!(refusals.warning().is_none());
        assert!(!limiter.memory_growing(1 << 18, 1 << 20, None).unwrap());
        assert!(!limiter.table_growing(0, 1 << 20, None).unwrap());
        assert!(limiter.memory_growing(1 << 18, 1 << 19, None).unwrap());
        assert!(
            !limiter
                .memory_growing(1 << 19, (1 << 19) + 1, None)
                .unwrap()
        );
        let warning = refusals.warning().unwrap();
        assert!(warning.contains("more than 1 MiB of memory; "), "{warning}");
        assert!(warning.contains("--max-memory"), "{warning}");
    }

    #[test]
    fn what_fails_says_what_it_was_refused() {
        let refusals = RefusalLog::new(&permissions(1));
        let status = |code, fault| {
            refusals.add_to(ExitStatus {
                code,
                fault,
                refusals: None,
            })
        };
        assert!(status(1, None).fault.is_none());
        refusals.record_socket();
        assert!(status(0, None).refusals.unwrap().contains("--network"));
        let fault = status(1, None).fault.unwrap();
        assert!(
            fault.to_string().contains("exit code 1: it was denied"),
            "{fault}"
        );
        let fault = status(134, Some(Error::input("it trapped"))).fault.unwrap();
        assert_eq!(fault.message(), "it trapped");
    }
}
