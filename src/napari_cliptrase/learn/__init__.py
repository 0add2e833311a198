"""What corrections teach: painted patches become class weights that stay close to what the text says. No Qt."""
