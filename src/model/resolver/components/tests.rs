use super::*;
use crate::model::resolver::requirement::PackageSource;
use crate::model::resolver::requirement::Requirement;

fn version(text: &str) -> Version {
    text.parse().unwrap()
}

fn origin(name: &str) -> Origin {
    Origin {
        name: format!("t:{name}"),
        address: "file:registry".to_owned(),
    }
}

/// `name requirement`, perhaps with the release a hint names: `base ^1 @1.0.0`.
fn need(text: &str, root: bool) -> ComponentRequirement {
    let (text, hinted) = match text.split_once(" @") {
        Some((text, hinted)) => (text, Some(version(hinted))),
        None => (text, None),
    };
    let (name, requirement) = text.split_once(' ').unwrap();
    ComponentRequirement {
        origin: origin(name),
        requirement: Requirement {
            source: PackageSource {
                package: format!("t:{name}").parse().unwrap(),
                registry: None,
                address: None,
            },
            version_req: requirement.parse().unwrap(),
            required_by: vec![format!("the entry `{name}`")],
            excerpt: None,
        },
        chain: if root { vec!["app".into()] } else { vec![] },
        hinted_version: hinted,
    }
}

/// Releases as `name version` (withdrawn with a `!` in front), each with what
/// it needs.
type World = Vec<(String, Vec<String>)>;

fn world(releases: &[(&str, &[&str])]) -> World {
    let owned = |(name, needs): &(&str, &[&str])| {
        let needs = needs.iter().map(|need| (*need).to_owned()).collect();
        ((*name).to_owned(), needs)
    };
    releases.iter().map(owned).collect()
}

fn release(text: &str) -> (Release, bool) {
    let (name, number) = text.trim_start_matches('!').split_once(' ').unwrap();
    ((origin(name), version(number)), text.starts_with('!'))
}

/// Finds out what is missing until there is a solution; returns the number of
/// rounds as well.
fn solved(roots: &[&str], world: &World, mut facts: Facts) -> Result<(Solution, usize)> {
    let roots: Vec<ComponentRequirement> = roots.iter().map(|text| need(text, true)).collect();
    for round in 0..1000 {
        let (versions, needs) = match solve(&roots, &facts)? {
            ComponentResolution::Solved(solution) => return Ok((solution, round)),
            ComponentResolution::Missing { versions, needs } => (versions, needs),
        };
        for origin in versions {
            let all = world.iter().map(|(text, _)| release(text));
            let own = all.filter(|((other, _), _)| *other == origin);
            let listed = own.map(|((_, version), yanked)| ListedVersion { version, yanked });
            let listed = Versions::ListedVersion(listed.collect());
            facts.versions.insert(origin, listed);
        }
        for missing in needs {
            let found = world.iter().find(|(text, _)| release(text).0 == missing);
            let needs = found.map(|(_, needs)| needs.as_slice()).unwrap_or_default();
            let needs = needs.iter().map(|text| need(text, false)).collect();
            facts.needs.insert(missing, needs);
        }
    }
    panic!("it does not come to an end");
}

fn chosen(roots: &[&str], world: &World, facts: Facts) -> String {
    match solved(roots, world, facts) {
        Ok((solution, _)) => {
            let shown = |(origin, version): &Release| {
                format!("{} {version}", origin.name.trim_start_matches("t:"))
            };
            let all: Vec<String> = solution.releases.iter().map(shown).collect();
            all.join(", ")
        }
        Err(error) => format!("{error:?}"),
    }
}

#[test]
fn a_hint_is_a_lower_bound_and_not_a_pin() {
    let mut all = world(&[
        ("left 0.1.0", &["base ^1.0.0 @1.0.0"]),
        ("base 1.0.0", &[]),
        ("base 1.0.1", &[]),
    ]);
    let roots = ["left ^0.1", "base ^1"];
    let newest = "base 1.0.1, left 0.1.0";
    assert_eq!(chosen(&roots, &all, Facts::default()), newest);
    assert_eq!(chosen(&["left ^0.1"], &all, Facts::default()), newest);
    // Two tracks stand side by side.
    all.push(("base 2.1.0".to_owned(), vec![]));
    let both = chosen(&["left ^0.1", "base ^2"], &all, Facts::default());
    assert_eq!(both, "base 1.0.1, base 2.1.0, left 0.1.0");
    // What the author required exactly stays, for all.
    all[0].1 = vec!["base =1.0.0 @1.0.0".to_owned()];
    let older = "base 1.0.0, left 0.1.0";
    assert_eq!(chosen(&roots, &all, Facts::default()), older);
}

#[test]
fn what_does_not_go_together_is_told_with_every_chain() {
    let all = world(&[
        ("left 0.1.0", &["base =1.0.0 @1.0.0"]),
        ("base 1.0.0", &[]),
        ("base 1.0.1", &[]),
    ]);
    let told = chosen(&["left ^0.1", "base ^1.0.1"], &all, Facts::default());
    for part in [
        "app -> t:left@0.1.0 -> t:base =1.0.0",
        "app -> t:base ^1.0.1",
        "help",
    ] {
        assert!(told.contains(part), "{part} is not in {told}");
    }
    let told = chosen(&["left ^0.1", "base ^1.5"], &all, Facts::default());
    assert!(
        told.contains("no release matching") && told.contains("1.0.1"),
        "{told}"
    );
}

#[test]
fn an_older_release_is_taken_where_the_newest_does_not_go_with_the_others() {
    let all = world(&[
        ("left 0.1.0", &["base ^1.0.0 @1.0.0"]),
        ("left 0.1.1", &["base =1.0.1 @1.0.1"]),
        ("other 1.0.0", &[]),
        ("other 1.0.1", &[]),
        ("base 1.0.0", &[]),
        ("base 1.0.1", &[]),
        ("!base 1.0.2", &[]),
    ]);
    let roots = ["left ^0.1", "other ^1", "base =1.0.0"];
    let expected = "base 1.0.0, left 0.1.0, other 1.0.1";
    assert_eq!(chosen(&roots, &all, Facts::default()), expected);
    // `other` has nothing to do with it: its older release is not looked at.
    let (_, rounds) = solved(&roots, &all, Facts::default()).unwrap();
    assert!(rounds <= 4, "{rounds}");
}

#[test]
fn what_is_locked_stays_and_needs_no_list() {
    let mut facts = Facts::default();
    let base = origin("base");
    facts.locked.insert(base.clone(), [version("1.0.0")].into());
    facts
        .answers
        .insert((origin("left"), "^0.1".into()), version("0.1.0"));
    let left = (origin("left"), version("0.1.0"));
    facts
        .needs
        .insert(left, vec![need("base ^1.0.0 @1.0.0", false)]);
    facts.needs.insert((base, version("1.0.0")), vec![]);
    let roots = [need("left ^0.1", true), need("base ^1", true)];
    let ComponentResolution::Solved(solution) = solve(&roots, &facts).unwrap() else {
        panic!("something is missing");
    };
    assert!(
        solution
            .releases
            .contains(&(origin("base"), version("1.0.0")))
    );
    // A requirement that no locked release is anything for asks for the list.
    let roots = [need("left ^0.1", true), need("base ^1.0.1", true)];
    let ComponentResolution::Missing { versions, .. } = solve(&roots, &facts).unwrap() else {
        panic!("nothing is missing");
    };
    assert_eq!(versions, [origin("base")].into());
}

#[test]
fn what_nobody_lists_is_the_highest_that_a_hint_names() {
    let mut facts = Facts::default();
    facts.versions.insert(origin("base"), Versions::Hinted);
    let all = world(&[
        ("left 1.0.0", &["base ^1.0.0 @1.0.0"]),
        ("left 1.1.0", &["base =1.0.9 @1.0.9"]),
        ("right 1.0.0", &["base ^1.0.0 @1.0.3"]),
        ("third 1.0.0", &["base ^1.0.0 @1.0.1"]),
    ]);
    let roots = ["left ^1", "right ^1", "third ^1"];
    assert_eq!(
        chosen(&roots, &all, facts.clone()),
        "base 1.0.9, left 1.1.0, right 1.0.0, third 1.0.0"
    );
    // What only a release that was given up names does not count.
    let roots = ["left ^1", "right ^1", "third ^1", "base <1.0.9"];
    assert_eq!(
        chosen(&roots, &all, facts),
        "base 1.0.3, left 1.0.0, right 1.0.0, third 1.0.0"
    );
}

#[test]
fn a_precise_version_holds_for_its_track() {
    let all = world(&[
        ("left 0.1.0", &["base ^1.0.0 @1.0.0"]),
        ("base 1.0.0", &[]),
        ("base 1.0.1", &[]),
        ("base 2.0.0", &[]),
    ]);
    let mut facts = Facts::default();
    facts.precise.insert(origin("base"), version("1.0.0"));
    let roots = ["left ^0.1", "base ^2"];
    let expected = "base 1.0.0, base 2.0.0, left 0.1.0";
    assert_eq!(chosen(&roots, &all, facts.clone()), expected);
    facts.precise.insert(origin("base"), version("1.0.1"));
    let told = chosen(&["base =1.0.0"], &all, facts);
    assert!(told.contains("`=1.0.0` does not allow it"), "{told}");
}

/// Numbers that look random and are the same each time.
struct Numbers(u64);

impl Numbers {
    fn below(&mut self, end: usize) -> usize {
        self.0 ^= self.0 << 13;
        self.0 ^= self.0 >> 7;
        self.0 ^= self.0 << 17;
        (self.0 % end as u64) as usize
    }

    fn of<'t>(&mut self, all: &[&'t str]) -> &'t str {
        all[self.below(all.len())]
    }
}

const NAMES: [&str; 4] = ["a", "b", "c", "d"];
const NUMBERS: [&str; 7] = [
    "0.1.0", "0.1.1", "0.2.0", "1.0.0", "1.0.1", "1.1.0", "2.0.0",
];

/// A history of releases, each made with what was there: patches, minor and
/// major ones, exact requirements and such that span tracks, some withdrawn.
fn history(numbers: &mut Numbers) -> World {
    let mut world = World::new();
    for (level, name) in NAMES.iter().enumerate() {
        for number in NUMBERS {
            if numbers.below(3) == 0 {
                continue;
            }
            let mut needs = Vec::new();
            for below in &NAMES[..level] {
                let there = world
                    .iter()
                    .filter(|(text, _)| release(text).0.0 == origin(below));
                let there: Vec<Release> = there.map(|(text, _)| release(text).0).collect();
                if there.is_empty() || numbers.below(2) == 0 {
                    continue;
                }
                let at = &there[numbers.below(there.len())].1;
                let requirement = match numbers.below(6) {
                    0 => format!("={at}"),
                    1 => format!("~{at}"),
                    2 => format!(">={at}"),
                    _ => format!("^{at}"),
                };
                needs.push(format!("{below} {requirement} @{at}"));
            }
            let withdrawn = if numbers.below(8) == 0 { "!" } else { "" };
            world.push((format!("{withdrawn}{name} {number}"), needs));
        }
    }
    world
}

/// Every choice of one release a track, tried one after the other: those in
/// which each requirement is answered, by nothing but what is needed.
fn all_solutions(roots: &[ComponentRequirement], world: &World) -> Vec<BTreeSet<Release>> {
    fn go(
        mut open: Vec<ComponentRequirement>,
        chosen: BTreeSet<Release>,
        (world, found): (&World, &mut Vec<BTreeSet<Release>>),
    ) {
        let Some(need) = open.pop() else {
            if !found.contains(&chosen) {
                found.push(chosen);
            }
            return;
        };
        for (text, needs) in world {
            let (one, withdrawn) = release(text);
            let fits = one.0 == need.origin && need.requirement.version_req.matches(&one.1);
            let other = chosen.iter().any(|(origin, version)| {
                *origin == one.0 && *version != one.1 && on_one_track(version, &one.1)
            });
            if !fits || withdrawn || other {
                continue;
            }
            let (mut open, mut chosen) = (open.clone(), chosen.clone());
            if chosen.insert(one) {
                open.extend(needs.iter().map(|text| self::need(text, false)));
            }
            go(open, chosen, (world, &mut *found));
        }
    }
    let mut found = Vec::new();
    go(roots.to_vec(), BTreeSet::new(), (world, &mut found));
    found
}

/// Whether one choice is nowhere older than the other, and somewhere newer.
fn beats(one: &BTreeSet<Release>, other: &BTreeSet<Release>) -> bool {
    let newest = |of: &BTreeSet<Release>| -> BTreeMap<(Origin, (u64, u64)), Version> {
        let track = |v: &Version| (v.major, if v.major == 0 { v.minor } else { 0 });
        let key = |(origin, v): &Release| ((origin.clone(), track(v)), v.clone());
        of.iter().map(key).collect()
    };
    let (one, other) = (newest(one), newest(other));
    one != other
        && one.keys().eq(other.keys())
        && one.iter().all(|(key, version)| *version >= other[key])
}

#[test]
fn random_histories_are_resolved_as_by_trying_everything() {
    let mut numbers = Numbers(0x9e37_79b9_7f4a_7c15);
    let (mut some, mut none) = (0, 0);
    for _ in 0..1500 {
        let world = history(&mut numbers);
        let root = |numbers: &mut Numbers| {
            let sign = numbers.of(&["^", "=", "~", ">=", "^"]);
            format!("{} {sign}{}", numbers.of(&NAMES), numbers.of(&NUMBERS))
        };
        let roots: Vec<String> = (0..1 + numbers.below(4))
            .map(|_| root(&mut numbers))
            .collect();
        let texts: Vec<&str> = roots.iter().map(String::as_str).collect();
        let needs: Vec<ComponentRequirement> = texts.iter().map(|text| need(text, true)).collect();
        let all = all_solutions(&needs, &world);
        let found = solved(&texts, &world, Facts::default());
        let Ok((solution, _)) = found else {
            assert!(
                all.is_empty(),
                "{texts:?} in {world:?}: there is {:?}",
                all[0]
            );
            none += 1;
            continue;
        };
        let chosen = &solution.releases;
        assert!(
            all.contains(chosen),
            "{chosen:?} is none for {texts:?} in {world:?}"
        );
        let better = all.iter().find(|other| beats(other, chosen));
        assert!(
            better.is_none(),
            "{better:?} beats {chosen:?} for {texts:?} in {world:?}"
        );
        // What was locked stays, whatever comes later.
        let mut facts = Facts::default();
        for need in &solution.needs {
            let version = solution.answers[&key(need)].clone();
            facts
                .locked
                .entry(need.origin.clone())
                .or_default()
                .insert(version);
        }
        facts.answers = solution.answers.clone();
        let later = history(&mut numbers);
        let mut later: World = later
            .into_iter()
            .filter(|(text, _)| {
                !world
                    .iter()
                    .any(|(old, _)| release(old).0 == release(text).0)
            })
            .collect();
        later.extend(world);
        let (again, _) = solved(&texts, &later, facts).unwrap();
        assert_eq!(again.releases, *chosen);
        some += 1;
    }
    assert!(some > 300 && none > 100, "{some} and {none}");
}
