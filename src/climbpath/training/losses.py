"""What training makes small, each as a sum over the real tokens of a batch. Logits are [N, V]."""

from torch import Tensor
from torch.nn import functional as F

from climbpath.training.batches import Batch

NEVER = -100.0
"""Logarithm of the probability of what cannot follow, which is multiplied by 0."""


def masked(logits: Tensor, batch: Batch) -> Tensor:
    """The logits without those of tokens that cannot follow."""
    return logits if batch.possible is None else logits.masked_fill(~batch.possible, float("-inf"))


def nats(logits: Tensor, batch: Batch) -> Tensor:
    """-log p of the batch's problems given their conditions, summed; logits are those of its real tokens, [N, V]."""
    return F.cross_entropy(masked(logits, batch), batch.targets, ignore_index=-100, reduction="sum")


def future_holds_nats(future_logits: Tensor, batch: Batch) -> Tensor:
    """-log p of which tokens are among those still to come, at every real place, summed; `to_come` is [N, V]."""
    b, t = batch.inputs.shape
    follows = future_logits.new_zeros(b * t, future_logits.shape[1])
    counted = batch.targets >= 0
    follows[batch.token_places[counted], batch.targets[counted]] = 1
    follows = follows.view(b, t, -1).flip(1).cummax(dim=1).values.flip(1).flatten(0, 1)
    return F.binary_cross_entropy_with_logits(
        future_logits[counted], follows[batch.token_places[counted]], reduction="sum"
    )


def distillation_nats(logits: Tensor, batch: Batch, taught: Tensor) -> Tensor:
    """Cross-entropy of the model's probabilities against those taught, [N, V], summed."""
    counted = batch.targets >= 0
    log_p = F.log_softmax(masked(logits, batch)[counted], dim=1)
    return -(taught[counted] * log_p.clamp_min(NEVER)).sum()
