"""From a layer's tar to a directory."""
