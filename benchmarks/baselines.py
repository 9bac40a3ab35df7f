"""What models that know nothing score, in nats per problem and in the guide's nats per token.

    python benchmarks/baselines.py --data moonboard-2016.parquet

`order` spreads its probability evenly over the choices that the canonical order allows; `frequency` weighs them by
how often the train problems use each hold in each role. Both are already "good" or "great" by the
guide's per-token bands.
"""

import argparse

import numpy as np

import reference
from arguments import file
from climbpath import board as boards
from climbpath.data import parquet
from climbpath.model.order import choices, may_follow_each, used_before_each


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--data", type=file, required=True, help="Parquet file of climbpath data import")
    train, validation = reference.parts(parquet.load(parser.parse_args().data))
    layout = boards.load("moonboard-2016")
    used = np.ones((2, len(layout.choice_roles) + 1))  # by stage: start pair, the rest
    for problem in train:
        sequence = choices(problem, layout)
        np.add.at(used[0], sequence[:2], 1)
        np.add.at(used[1], sequence[2:], 1)
    order = frequency = 0.0
    hold_tokens = 0
    for problem in validation:
        places = np.array(choices(problem, layout))
        allowed = may_follow_each(layout, problem.angle, places[None], used_before_each(layout, places[None]))[0]
        steps = np.arange(len(allowed))
        weight = allowed * used[np.minimum(steps // 2, 1)]
        order += np.log(allowed.sum(axis=1)).sum()
        frequency -= np.log(weight[steps, places] / weight.sum(axis=1)).sum()
        hold_tokens += len(steps)
    count = len(validation)
    coordinate_tokens = 2 * hold_tokens - count
    print(f"{count} validation problems: {coordinate_tokens / count:.1f} coordinate tokens, ", end="")
    print(f"{hold_tokens / count:.1f} hold tokens per problem")
    for name, total in (("order", order), ("frequency", frequency)):
        print(f"{name}: {total / count:.2f} nats per problem, {total / coordinate_tokens:.3f} per coordinate token")


if __name__ == "__main__":
    main()
