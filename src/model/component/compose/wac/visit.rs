//! Visiting the parts of a document in order.

use std::ops::Range;

use miette::SourceSpan;
use semver::Version;
use wac_parser::{
    Document, Expr, ExternType, ImportType, InstantiationArgument, InterfaceItem, NewExpr,
    PackagePath, PrimaryExpr, Statement, TypeStatement, UsePath, WorldItem, WorldItemPath,
    WorldRef,
};

/// The byte range of a span.
pub(super) fn range(span: SourceSpan) -> Range<usize> {
    span.offset()..span.offset() + span.len()
}

/// One place in which a document names a package.
pub(super) struct Mention<'m> {
    pub name: &'m str,
    pub version: Option<&'m Version>,
    /// The bytes of the name.
    pub range: Range<usize>,
    /// Whether the package is instantiated there.
    pub is_instantiated: bool,
}

type EachPackage<'e> = dyn FnMut(Mention<'_>) + 'e;

/// Calls `each` for every place in which a document names a package.
pub(super) fn packages(document: &mut Document<'_>, each: &mut EachPackage<'_>) {
    if let Some(target) = &document.directive.targets {
        path(target, each);
    }
    for statement in &mut document.statements {
        match statement {
            Statement::Import(import) => match &import.ty {
                ImportType::Package(package) => path(package, each),
                ImportType::Interface(inline) => interface(&inline.items, each),
                ImportType::Func(_) | ImportType::Ident(_) => {}
            },
            Statement::Type(TypeStatement::Interface(declared)) => {
                interface(&declared.items, each);
            }
            Statement::Type(TypeStatement::World(world)) => {
                for item in &world.items {
                    world_item(item, each);
                }
            }
            Statement::Type(TypeStatement::Type(_)) => {}
            Statement::Let(bound) => instantiated(&mut bound.expr, each),
            Statement::Export(export) => instantiated(&mut export.expr, each),
        }
    }
}

/// Calls `each` for every instantiation of a document, the outer ones first.
pub(super) fn instantiations<'a>(
    document: &mut Document<'a>,
    each: &mut dyn FnMut(&mut NewExpr<'a>),
) {
    for statement in &mut document.statements {
        match statement {
            Statement::Let(bound) => expression(&mut bound.expr, each),
            Statement::Export(export) => expression(&mut export.expr, each),
            Statement::Import(_) | Statement::Type(_) => {}
        }
    }
}

fn expression<'a>(expr: &mut Expr<'a>, each: &mut dyn FnMut(&mut NewExpr<'a>)) {
    match &mut expr.primary {
        PrimaryExpr::Nested(nested) => expression(&mut nested.inner, each),
        PrimaryExpr::Ident(_) => {}
        PrimaryExpr::New(new) => {
            each(new);
            for argument in &mut new.arguments {
                if let InstantiationArgument::Named(argument) = argument {
                    expression(&mut argument.expr, each);
                }
            }
        }
    }
}

fn instantiated(expr: &mut Expr<'_>, each: &mut EachPackage<'_>) {
    expression(expr, &mut |new| {
        let package = &new.package;
        each(Mention {
            name: package.name,
            version: package.version.as_ref(),
            range: range(package.span),
            is_instantiated: true,
        });
    });
}

fn path(path: &PackagePath<'_>, each: &mut EachPackage<'_>) {
    each(Mention {
        name: path.name,
        version: path.version.as_ref(),
        range: range(path.package_name_span()),
        is_instantiated: false,
    });
}

fn interface(items: &[InterfaceItem<'_>], each: &mut EachPackage<'_>) {
    for item in items {
        if let InterfaceItem::Use(used) = item
            && let UsePath::Package(package) = &used.path
        {
            path(package, each);
        }
    }
}

fn world_item(item: &WorldItem<'_>, each: &mut EachPackage<'_>) {
    match item {
        WorldItem::Use(used) => {
            if let UsePath::Package(package) = &used.path {
                path(package, each);
            }
        }
        WorldItem::Import(import) => world_path(&import.path, each),
        WorldItem::Export(export) => world_path(&export.path, each),
        WorldItem::Include(include) => {
            if let WorldRef::Package(package) = &include.world {
                path(package, each);
            }
        }
        WorldItem::Type(_) => {}
    }
}

fn world_path(item: &WorldItemPath<'_>, each: &mut EachPackage<'_>) {
    match item {
        WorldItemPath::Package(package) => path(package, each),
        WorldItemPath::Named(named) => {
            if let ExternType::Interface(inline) = &named.ty {
                interface(&inline.items, each);
            }
        }
        WorldItemPath::Ident(_) => {}
    }
}
