"""Training losses, each as a sum over the predicted tokens of a batch. Logits are [N, V]."""

from torch import Tensor
from torch.nn import functional as F

from climbpath.training.batches import Batch

NEVER = -100.0
"""Logarithm of the probability of what cannot follow, which is multiplied by 0."""


def mask_logits(logits: Tensor, batch: Batch) -> Tensor:
    """The logits with those of tokens that cannot follow at minus infinity."""
    return logits if batch.possible is None else logits.masked_fill(~batch.possible, float("-inf"))


def nats(logits: Tensor, batch: Batch) -> Tensor:
    """-log p of the batch's problems given their conditions, summed; one row of logits for each of its tokens."""
    return F.cross_entropy(mask_logits(logits, batch), batch.targets, ignore_index=-100, reduction="sum")


def future_holds_nats(future_logits: Tensor, batch: Batch) -> Tensor:
    """-log p of which tokens occur anywhere later, from every predicted token on, summed."""
    b, t = batch.inputs.shape
    predicted = batch.targets >= 0
    # 1 where a token is the next one, [B * T, V]
    occurs = future_logits.new_zeros(b * t, future_logits.shape[1])
    occurs[batch.token_places[predicted], batch.targets[predicted]] = 1
    # and 1 at every earlier position
    occurs = occurs.view(b, t, -1).flip(1).cummax(dim=1).values.flip(1).flatten(0, 1)
    targets = occurs[batch.token_places[predicted]]
    return F.binary_cross_entropy_with_logits(future_logits[predicted], targets, reduction="sum")


def distillation_nats(logits: Tensor, batch: Batch, probabilities: Tensor) -> Tensor:
    """Cross-entropy of the model's probabilities against the teachers' [N, V], summed."""
    predicted = batch.targets >= 0
    log_p = F.log_softmax(mask_logits(logits, batch)[predicted], dim=1)
    return -(probabilities[predicted] * log_p.clamp_min(NEVER)).sum()
