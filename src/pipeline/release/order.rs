//! The order in which packages are published: each after those it needs.

use crate::base::package::PackageRef;

/// The indices of packages in the order of publishing: each after the others
/// that it needs, otherwise in the given order. Packages that need each other
/// keep their order. Each package comes with the packages it needs.
pub(crate) fn publish_order(packages: &[(&PackageRef, &[PackageRef])]) -> Vec<usize> {
    let mut left: Vec<usize> = (0..packages.len()).collect();
    let mut ordered = Vec::new();
    while !left.is_empty() {
        let waits = |index: &usize| {
            let (_, needs) = packages[*index];
            left.iter()
                .any(|other| other != index && needs.contains(packages[*other].0))
        };
        let next = left.iter().position(|index| !waits(index)).unwrap_or(0);
        ordered.push(left.remove(next));
    }
    ordered
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_needed_comes_first() {
        let name = |text: &str| -> PackageRef { text.parse().unwrap() };
        let names = [name("a:app"), name("a:lib"), name("a:base"), name("a:x")];
        let needs: [&[PackageRef]; 4] = [
            &[name("a:lib"), name("o:other")],
            &[name("a:base")],
            &[],
            &[name("a:x")],
        ];
        let packages: Vec<_> = names.iter().zip(needs).collect();
        assert_eq!(publish_order(&packages), [2, 1, 0, 3]);
        let circle: [&[PackageRef]; 2] = [&[name("a:lib")], &[name("a:app")]];
        let packages: Vec<_> = names[..2].iter().zip(circle).collect();
        assert_eq!(publish_order(&packages), [0, 1]);
    }
}
