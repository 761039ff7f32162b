"""The classifier of the lessons: build it, train it, load the one that ships."""

from kerasdemo.classifier.network import build_classifier
from kerasdemo.classifier.shipped import load_classifier, load_probabilities
from kerasdemo.classifier.training import train_classifier

__all__ = ["build_classifier", "load_classifier", "load_probabilities", "train_classifier"]
