//! The access that tokens give.

/// The access that a token has to give.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub struct Scope {
    /// The repository that is accessed; empty for the registry as a whole.
    pub repository: String,
    /// The operation on the repository.
    pub operation: Operation,
}

/// An operation on a repository.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum Operation {
    /// Reading tags, manifests and blobs.
    Pull,
    /// Writing, which begins with reading.
    Push,
    /// Listing the repositories of the registry.
    List,
}

impl Scope {
    /// The access to the list of repositories.
    pub fn catalog() -> Self {
        Scope {
            repository: String::new(),
            operation: Operation::List,
        }
    }

    /// The access in the words of token servers.
    pub fn for_token_server(&self) -> String {
        let repository = &self.repository;
        match self.operation {
            Operation::Pull => format!("repository:{repository}:pull"),
            Operation::Push => format!("repository:{repository}:pull,push"),
            Operation::List => "registry:catalog:*".to_owned(),
        }
    }
}
