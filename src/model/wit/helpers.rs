//! Helpers that generated code calls and older releases of the runtime crate do
//! not have: they are put into the code itself.

use super::runtime::MissingHelpers;

/// The start of the module of generated code for its own use.
const MODULE: &str = "mod _rt {";

/// The type that frees lists.
const CLEANUP: &str = "
    pub struct Cleanup {
        ptr: core::ptr::NonNull<u8>,
        layout: alloc::Layout,
    }
    unsafe impl Send for Cleanup {}
    unsafe impl Sync for Cleanup {}
    impl Cleanup {
        pub fn new(layout: alloc::Layout) -> (*mut u8, Option<Cleanup>) {
            if layout.size() == 0 {
                return (core::ptr::null_mut(), None);
            }
            let ptr = unsafe { alloc::alloc(layout) };
            match core::ptr::NonNull::new(ptr) {
                Some(ptr) => (ptr.as_ptr(), Some(Cleanup { ptr, layout })),
                None => alloc::handle_alloc_error(layout),
            }
        }
        pub fn forget(self) {
            core::mem::forget(self);
        }
    }
    impl Drop for Cleanup {
        fn drop(&mut self) {
            unsafe { alloc::dealloc(self.ptr.as_ptr(), self.layout) }
        }
    }
";

/// The traits of exported resources.
const RESOURCE: &str = "
    pub mod exported {
        pub trait Resource: Sized + 'static {
            type Rep: ResourceRep<Self>;
        }
        impl<T: 'static> Resource for T {
            type Rep = Option<T>;
        }
        pub unsafe trait ResourceRep<T> {
            fn rep_new(inner: T) -> Self;
            unsafe fn rep_as_ref<'a>(ptr: *const Self) -> &'a T;
            unsafe fn rep_as_mut<'a>(ptr: *mut Self) -> &'a mut T;
            unsafe fn rep_take<'a>(ptr: *mut Self) -> T;
        }
        unsafe impl<T> ResourceRep<T> for Option<T> {
            fn rep_new(inner: T) -> Option<T> {
                Some(inner)
            }
            unsafe fn rep_as_ref<'a>(ptr: *const Option<T>) -> &'a T {
                unsafe { (*ptr).as_ref().unwrap() }
            }
            unsafe fn rep_as_mut<'a>(ptr: *mut Option<T>) -> &'a mut T {
                unsafe { (*ptr).as_mut().unwrap() }
            }
            unsafe fn rep_take<'a>(ptr: *mut Option<T>) -> T {
                unsafe { (*ptr).take().unwrap() }
            }
        }
    }
";

/// Generated code with the helpers that the runtime crate, whose path is
/// `runtime`, does not have.
pub(super) fn with_helpers(code: String, runtime: &str, missing: MissingHelpers) -> String {
    let mut code = code;
    let mut helpers = String::new();
    let mut take = |from: &str, to: &str, helper: &str| {
        if code.contains(from) {
            code = code.replace(from, to);
            helpers.push_str(helper);
        }
    };
    if missing.cleanup {
        take(&format!("{runtime}::Cleanup::"), "_rt::Cleanup::", CLEANUP);
    }
    if missing.resource {
        // `_rt::Resource` is a type for handles.
        let from = format!("{runtime}::Resource");
        take(&from, "_rt::exported::Resource", RESOURCE);
    }
    let Some(module) = code.find(MODULE).filter(|_| !helpers.is_empty()) else {
        return code;
    };
    // Behind the attributes of the module.
    let inside = module + MODULE.len();
    let end = code[inside..]
        .find(']')
        .map_or(inside, |at| inside + at + 1);
    code.insert_str(end, &helpers);
    code
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn helpers_stand_where_the_code_looks_for_them() {
        let code = "mod a { use super::_rt; rt::Cleanup::new(l); fn f<T: rt::Resource>() where T::Rep: rt::ResourceRep<T> {} }\nmod _rt {\n    #![allow(dead_code)]\n    pub use alloc_crate::alloc;\n}\n";
        let all = MissingHelpers {
            cleanup: true,
            resource: true,
        };
        let made = with_helpers(code.to_owned(), "rt", all);
        assert!(made.contains("_rt::Cleanup::new(l); fn f<T: _rt::exported::Resource>() where T::Rep: _rt::exported::ResourceRep<T>"));
        assert!(made.contains("#![allow(dead_code)]\n    pub struct Cleanup"));
        assert!(made.contains("pub mod exported {"));
        assert_eq!(
            with_helpers(code.to_owned(), "rt", MissingHelpers::default()),
            code
        );
        // What the code does not use is not there.
        let plain = "mod _rt {\n    #![allow(dead_code)]\n}\n";
        assert_eq!(with_helpers(plain.to_owned(), "rt", all), plain);
    }
}
