"""A small neural network on 8 x 8 images of digits, in numpy: for the demo, and real."""

from collections.abc import Iterator

import numpy as np
from numpy.typing import NDArray

Array = NDArray[np.float32]
Weights = dict[str, Array]


def fresh(inputs: int, hidden: int, seed: int) -> Weights:
    """Return the weights of a network with one hidden layer that has learned nothing."""
    random = np.random.default_rng(seed)
    return {
        "hidden.weight": _normal(random, inputs, hidden),
        "hidden.bias": np.zeros(hidden, np.float32),
        "output.weight": _normal(random, hidden, 10),
        "output.bias": np.zeros(10, np.float32),
    }


def train(
    weights: Weights, data: dict[str, Array], *, epochs: int, rate: float, seed: int
) -> Iterator[tuple[int, float]]:
    """Teach the network in place; yield epoch and mean loss after each epoch."""
    random = np.random.default_rng(seed)
    images, labels = data["images"], data["labels"].astype(int)
    speed = {name: np.zeros_like(value) for name, value in weights.items()}
    for epoch in range(1, epochs + 1):
        losses = []
        for batch in np.array_split(random.permutation(len(images)), max(1, len(images) // 32)):
            loss, slopes = _slopes(weights, images[batch], labels[batch])
            losses.append(loss)
            for name, slope in slopes.items():
                speed[name] = 0.9 * speed[name] - np.float32(rate) * slope
                weights[name] += speed[name]
        yield epoch, float(np.mean(losses))


def chances(weights: Weights, images: Array) -> Array:
    """Return how likely each digit is, for each image."""
    _, scores = _forward(weights, images)
    return _softmax(scores)


def accuracy(guessed: Array, labels: Array) -> float:
    """Return the share of images whose likeliest digit is right."""
    return round(float((guessed.argmax(axis=1) == labels).mean()), 4)


def _forward(weights: Weights, images: Array) -> tuple[Array, Array]:
    hidden = np.maximum(images @ weights["hidden.weight"] + weights["hidden.bias"], 0)
    return hidden, hidden @ weights["output.weight"] + weights["output.bias"]


def _slopes(
    weights: Weights, images: Array, labels: NDArray[np.int_]
) -> tuple[float, dict[str, Array]]:
    hidden, scores = _forward(weights, images)
    chance = _softmax(scores)
    rows = np.arange(len(labels))
    loss = float(-np.log(chance[rows, labels] + 1e-9).mean())
    wrong = chance.copy()
    wrong[rows, labels] -= 1
    wrong /= len(labels)
    back = (wrong @ weights["output.weight"].T) * (hidden > 0)
    return loss, {
        "hidden.weight": images.T @ back,
        "hidden.bias": back.sum(axis=0),
        "output.weight": hidden.T @ wrong,
        "output.bias": wrong.sum(axis=0),
    }


def _softmax(scores: Array) -> Array:
    raised: Array = np.exp(scores - scores.max(axis=1, keepdims=True))
    return raised / raised.sum(axis=1, keepdims=True)


def _normal(random: np.random.Generator, rows: int, columns: int) -> Array:
    return (random.standard_normal((rows, columns)) * np.sqrt(2 / rows)).astype(np.float32)
