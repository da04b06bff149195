//! Errors of the client, in the words of this tool.

use warg_api::v1::content::ContentError;
use warg_api::v1::fetch::FetchError;
use warg_api::v1::package::PackageError;
use warg_api::v1::proof::ProofError;
use warg_client::{ClientError, api};

use super::settings::Settings;
use crate::base::error::{Error, ErrorKind};
use crate::system::registry::hosts::unused_variable;
use crate::system::registry::oci::headers::one_line;

/// The circumstances that an error message names.
pub struct ErrorContext<'a> {
    /// The task that failed, such as "failed to publish …".
    pub error_message: &'a str,
    /// The host that was contacted.
    pub host: &'a str,
    /// The directory of the registry's logs.
    pub logs: &'a str,
    /// The settings that can hold a token.
    pub settings: &'a Settings,
    /// The variable with a token that was not used, since it may be meant for
    /// another host.
    pub unused: Option<&'a str>,
}

impl ErrorContext<'_> {
    /// The error of the client as one of this tool.
    pub fn error(&self, error: &ClientError) -> Error {
        use api::ClientError as Api;
        match error {
            ClientError::Other(inner) => match inner.downcast_ref::<Error>() {
                // The error is this tool's own, from below the client.
                Some(own) => own.clone().context(self.error_message),
                None => self.plain(ErrorKind::Input, inner.as_ref()),
            },
            ClientError::Api(Api::Communication(e)) => self.unreachable(e),
            ClientError::Unauthorized(_) => self.forbidden(error),
            ClientError::Api(e) if matches!(status(e), Some(401 | 403)) => self.forbidden(error),
            ClientError::Api(Api::Package(
                PackageError::NamespaceNotDefined(_) | PackageError::NamespaceImported(_),
            )) => self
                .plain(ErrorKind::Input, error)
                .hint("ask the operator of the registry which namespaces it accepts"),
            ClientError::PackageDoesNotExistWithHintHeader {
                hint_namespace,
                hint_registry,
                ..
            } => self.plain(ErrorKind::Input, error).hint(format!(
                "if you trust `{}` with this, add `{} = \"{}\"` under `[namespace_registries]`",
                self.host,
                one_line(hint_namespace),
                one_line(hint_registry)
            )),
            ClientError::MustInitializePackage { .. } => {
                self.plain(ErrorKind::Input, error).hint(format!(
                    "create it with `warg publish init`, or remove `disableAutoPackageInit` from `{}`",
                    self.settings.file_name()
                ))
            }
            ClientError::PublishRejected { .. } => self
                .plain(ErrorKind::Input, error)
                .hint("the registry decides what it accepts: ask its operator"),
            _ if unproven(error) => self.plain(ErrorKind::Input, error).hint(format!(
                "the response contradicts earlier ones or cannot be verified: ask the operator of the registry; if it was set up again, remove `{}`",
                self.logs
            )),
            ClientError::Api(Api::InvalidWellKnownConfig(_)) => self
                .plain(ErrorKind::Input, error)
                .hint(format!("check that `{}` is a Warg registry", self.host)),
            _ => self.plain(ErrorKind::Input, error),
        }
    }

    /// The error of a registry that did not answer in time.
    pub fn timed_out(&self) -> Error {
        Error::new(ErrorKind::Io, self.error_message)
            .with_cause(format!("`{}` does not respond", self.host))
            .hint("try again")
    }

    fn plain(&self, kind: ErrorKind, error: &dyn std::error::Error) -> Error {
        Error::new(kind, self.error_message).with_cause(chain(error))
    }

    fn unreachable(&self, error: &dyn std::error::Error) -> Error {
        self.plain(ErrorKind::Io, error).hint(format!(
            "check that `{}` can be reached and is a Warg registry",
            self.host
        ))
    }

    fn forbidden(&self, error: &ClientError) -> Error {
        let mut plain = self.plain(ErrorKind::Input, error);
        if let Some(variable) = self.unused {
            plain = plain.with_cause(unused_variable(variable, self.host));
        }
        plain.hint(format!(
            "the registry needs another key or token; set a token as `auth_token` under `{}` in your own file",
            self.settings.table_name()
        ))
    }
}

/// The status of an answer that is an error.
fn status(error: &api::ClientError) -> Option<u16> {
    use api::ClientError as Api;
    match error {
        Api::UnexpectedResponse { status, .. } => Some(status.as_u16()),
        Api::Fetch(FetchError::Message { status, .. })
        | Api::Content(ContentError::Message { status, .. })
        | Api::Package(PackageError::Message { status, .. })
        | Api::Proof(ProofError::Message { status, .. }) => Some(*status),
        _ => None,
    }
}

/// Whether the registry contradicts itself, or what is known of it.
fn unproven(error: &ClientError) -> bool {
    use api::ClientError as Api;
    matches!(
        error,
        ClientError::InvalidCheckpointSignature
            | ClientError::InvalidCheckpointKeyId { .. }
            | ClientError::NoOperatorRecords
            | ClientError::OperatorValidationFailed { .. }
            | ClientError::PackageValidationFailed { .. }
            | ClientError::PackageLogEmpty { .. }
            | ClientError::CheckpointLogLengthRewind { .. }
            | ClientError::CheckpointChangedLogRootOrMapRoot { .. }
            | ClientError::Api(
                Api::Fetch(FetchError::CheckpointNotFound(_) | FetchError::FetchTokenNotFound(_))
                    | Api::Proof(_)
                    | Api::IncorrectConsistencyProof { .. }
                    | Api::ConsistencyProof(_)
                    | Api::InclusionProof(_)
                    | Api::Hash(_)
            )
    )
}

/// An error with its causes, on one line; what a cause repeats is left out.
pub fn chain(error: &dyn std::error::Error) -> String {
    let mut text = one_line(&error.to_string());
    let mut next = error.source();
    while let Some(cause) = next {
        let cause_text = one_line(&cause.to_string());
        if !text.contains(&cause_text) {
            text = format!("{text}: {cause_text}");
        }
        next = cause.source();
    }
    text
}
