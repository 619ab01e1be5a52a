"""How well people are told apart: `python -m tests.persons [--people 100000] [--searches 20000] [--seed 1]`."""

import argparse

from tests.persons.measured import measure, measure_accounts


def main() -> None:
    parser = argparse.ArgumentParser(prog="python -m tests.persons", description=__doc__)
    parser.add_argument("--people", type=int, default=100_000, help="people in the register")
    parser.add_argument("--searches", type=int, default=20_000, help="descriptions looked for")
    parser.add_argument("--seed", type=int, default=1, help="the same seed gives the same people")
    options = parser.parse_args()
    print(measure(options.people, options.searches, seed=options.seed).told())
    print("\nas accounts of a register:")
    print(measure_accounts(options.people, options.searches, seed=options.seed).told())


if __name__ == "__main__":
    main()
