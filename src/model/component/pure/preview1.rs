//! Doing without WASI 0.1, as `wasm32-wasip1` has it: an adapter like the built-in ones.

use wit_component::{StringEncoding, metadata};
use wit_parser::Resolve;

use super::answer::{Answer, of_preview1};
use super::body::Outside;
use super::function::imported_functions;
use super::stub::Stub;
use crate::base::error::{Error, Result};
use crate::model::component::encode::ADAPTED;
use crate::model::manifest::WasiPolicy;

/// The version of [`STDERR_WIT`], which every host of WASI 0.2 provides.
const STDERR_VERSION: &str = "0.2.0";
/// The part of WASI that writing to standard error needs.
const STDERR_WIT: &str = "
package local:stderr;
world stderr {
  import wasi:io/error@0.2.0;
  import wasi:io/streams@0.2.0;
  import wasi:cli/stderr@0.2.0;
}
package wasi:io@0.2.0 {
  interface error { resource error; }
  interface streams {
    use error.{error};
    variant stream-error { last-operation-failed(error), closed }
    resource output-stream {
      blocking-write-and-flush: func(contents: list<u8>) -> result<_, stream-error>;
    }
  }
}
package wasi:cli@0.2.0 {
  interface stderr {
    use wasi:io/streams@0.2.0.{output-stream};
    get-stderr: func() -> output-stream;
  }
}
";

/// The adapter for a core module: it exports the functions of `wasi_snapshot_preview1`
/// that the module imports, and imports nothing but, where `policy` keeps it, what
/// writing to standard error needs.
pub fn adapter(module: &[u8], policy: WasiPolicy) -> Result<Vec<u8>> {
    let mut functions = imported_functions(module);
    functions.retain(|function| function.module == ADAPTED);
    let answer = |name: &str| of_preview1(name, policy);
    let mut names = functions.iter().map(|function| &function.name);
    let writes = names.any(|name| answer(name) == Answer::WritesToStderr);
    let mut stub = Stub::new(&Outside {
        stderr: writes.then(|| STDERR_VERSION.to_owned()),
        realloc: false,
    });
    for function in &functions {
        stub.answer(function, &function.name, answer(&function.name));
    }
    let world = writes.then(stderr_world).transpose()?;
    Ok(stub.finish(world.as_deref()))
}

/// The world of [`STDERR_WIT`], as a custom section contains it.
fn stderr_world() -> Result<Vec<u8>> {
    let encode = || {
        let mut resolve = Resolve::default();
        let package = resolve.push_source("stderr.wit", STDERR_WIT)?;
        let world = resolve.select_world(&[package], Some("stderr"))?;
        metadata::encode(&resolve, world, StringEncoding::UTF8, None, false)
    };
    encode().map_err(|e| {
        Error::input("failed to encode the world of standard error").with_cause(format!("{e:#}"))
    })
}
